"""Workbooks of spreadsheets: the sheet that was named, or the only one with the columns that are wanted."""

import io

from python_calamine import CalamineError, CalamineWorkbook

from compactbench.data.files import FileError, Table, Wanted, column


def read(content: bytes, wanted: Wanted) -> Table:
    """The table.

    Raises:
        FileError: it is no workbook, or the sheet is missing or cannot be told.
        ColumnError: a column is missing.
    """
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        if wanted.sheet and wanted.sheet not in workbook.sheet_names:
            raise FileError(f"which has no sheet {wanted.sheet!r}; accepted: {', '.join(workbook.sheet_names)}")
        named = [wanted.sheet] if wanted.sheet else workbook.sheet_names
        sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in named}
    except CalamineError as error:
        raise FileError(f"which cannot be read as a workbook: {error}") from error
    headed = {name: ([str(cell).strip() for cell in rows[0]], rows[1:]) for name, rows in sheets.items() if rows}
    if wanted.header:
        headed = {
            name: (wanted.header, rows) for name, rows in sheets.items() if rows and len(rows[0]) == len(wanted.header)
        }
    if not headed:
        raise FileError("which is empty; accepted: rows")
    fitting = [name for name, (names, _) in headed.items() if {*wanted.columns} <= {*names}]
    if len(fitting) > 1:
        raise FileError(f"whose sheets {', '.join(fitting)} all have these columns; accepted: one as the key `sheet`")
    sheet = next(iter(fitting or headed))
    names, rows = headed[sheet]
    places = {name: column(name, names) for name in wanted.columns}
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise FileError("which is empty; accepted: rows")
    return Table({name: [row[place] for row in rows] for name, place in places.items()}, [f"sheet {sheet}"])
