package dev.likeness.portrait.evaluation;

import dev.likeness.photos.face.Point;
import dev.likeness.portrait.people.Portrait;

/**
 * Where on a rendered portrait head, skin and ears are: known, not looked for. Lengths in pixels.
 */
final class FaceMap {
  /** How far the eyes are from each other. */
  final double apart;

  private final int width;
  private final float[] skin;
  private final byte[] headMask;
  private final float[] points;

  FaceMap(Portrait portrait) {
    this.width = portrait.image().width();
    this.points = portrait.landmarks();
    this.apart = Math.hypot(points[2] - points[0], points[3] - points[1]);
    this.headMask = portrait.faceMask().clone();
    this.skin = new float[headMask.length];
    for (int i = 0; i < headMask.length; i++) {
      int share = headMask[i] & 255;
      skin[i] = share == 0 ? 0 : (float) (share / 255.0 * (1 - feature(i % width, i / width)));
      headMask[i] |= portrait.hairMask()[i];
    }
  }

  double eyeRow() {
    return (points[1] + points[3]) / 2;
  }

  Point rightEye() {
    return new Point(points[2], points[3]);
  }

  /** The side that shows more of its ear: right 1, left -1. */
  int earSide() {
    return points[4] < (points[0] + points[2]) / 2 ? 1 : -1;
  }

  /** How much of a pixel is skin, 0 to 1, without eyes, brows, nostrils and lips. */
  double skin(int x, int y) {
    return skin[y * width + x];
  }

  private double feature(int x, int y) {
    double mouthX = (points[6] + points[8]) / 2;
    double mouthY = (points[7] + points[9]) / 2;
    double feature =
        oval(x, y, mouthX, mouthY, Math.abs(points[8] - points[6]) / 2 + 0.1 * apart, 0.2 * apart)
            + oval(x, y, points[4], points[5] + 0.05 * apart, 0.26 * apart, 0.13 * apart);
    for (int eye = 0; eye < 2; eye++) {
      feature += oval(
          x, y, points[2 * eye], points[2 * eye + 1] - 0.12 * apart, 0.38 * apart, 0.32 * apart);
    }
    return Math.min(1, feature);
  }

  private static double oval(double x, double y, double cx, double cy, double rx, double ry) {
    double r = Math.hypot((x - cx) / rx, (y - cy) / ry);
    return Math.exp(-r * r * r * r);
  }

  /** Where the head ends, to the left (-1) or right (1), between eyes and mouth. */
  double edge(int side) {
    double edge = points[4];
    for (int y = (int) Math.min(points[1], points[3]); y < Math.max(points[7], points[9]); y++) {
      for (int x = (int) points[4];
          x >= 0 && x < width && (headMask[y * width + x] & 255) > 127;
          x += side) {
        edge = side * Math.max(side * edge, side * x);
      }
    }
    return edge;
  }

  /** 1 where the head is within reach of a place, else 0. */
  double near(int x, int y, int reach) {
    for (int dy = -reach; dy <= reach; dy++) {
      for (int dx = -reach; dx <= reach; dx++) {
        int nx = x + dx;
        int ny = y + dy;
        if (nx >= 0
            && ny >= 0
            && nx < width
            && ny * width < headMask.length
            && dx * dx + dy * dy <= reach * reach
            && headMask[ny * width + nx] != 0) {
          return 1;
        }
      }
    }
    return 0;
  }
}
