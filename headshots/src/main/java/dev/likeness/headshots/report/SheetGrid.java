package dev.likeness.headshots.report;

/**
 * Square cells in rows.
 *
 * @param width of the grid
 * @param columns cells in a row
 * @param gap between cells
 * @param below room under each cell
 */
record SheetGrid(int width, int columns, int gap, int below) {
  int cell() {
    return (width - gap * (columns - 1)) / columns;
  }

  int x(int index) {
    return index % columns * (cell() + gap);
  }

  int y(int index) {
    return index / columns * (cell() + below + gap);
  }

  int height(int count) {
    int rows = (count + columns - 1) / columns;
    return rows * (cell() + below) + Math.max(0, rows - 1) * gap;
  }
}
