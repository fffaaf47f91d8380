"""From records to what people read: the table, the front, the recommendation, the charts and the prose.

Nothing in here measures, and nothing reads anything but records.
"""
