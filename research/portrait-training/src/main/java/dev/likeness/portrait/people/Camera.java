package dev.likeness.portrait.people;

/**
 * A pinhole camera on the z axis at {@code distance} looking back; {@code scale} pixels a decimetre
 * at the face.
 */
record Camera(int size, float distance, float scale, float centreX, float centreY) {
  private static final float FACE_DEPTH = 0.6f;

  float focal() {
    return scale * (distance - FACE_DEPTH);
  }

  /** Pixel column of a point. */
  float column(float x, float z) {
    return size * 0.5f + focal() * (x - centreX) / (distance - z);
  }

  /** Pixel row of a point, from the top. */
  float row(float y, float z) {
    return size * 0.5f - focal() * (y - centreY) / (distance - z);
  }

  /** x of the point that shows at {@code column} at depth {@code z}. */
  float x(float column, float z) {
    return centreX + (column - size * 0.5f) * (distance - z) / focal();
  }

  /** y of the point that shows at {@code row} at depth {@code z}. */
  float y(float row, float z) {
    return centreY - (row - size * 0.5f) * (distance - z) / focal();
  }
}
