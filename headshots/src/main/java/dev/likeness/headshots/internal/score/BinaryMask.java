package dev.likeness.headshots.internal.score;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.stream.IntStream;

/** Which places of a picture belong to something, rows from the top. Immutable. */
final class BinaryMask {
  interface Place {
    boolean at(int x, int y);
  }

  // Two passes of chamfer distances: straight and slanting steps.
  private static final double SLANT = Math.sqrt(2);

  private final int width;
  private final boolean[] in;

  private BinaryMask(int width, boolean[] in) {
    this.width = width;
    this.in = in;
  }

  static BinaryMask of(int width, int height, Place place) {
    boolean[] in = new boolean[width * height];
    for (int i = 0; i < in.length; i++) {
      in[i] = place.at(i % width, i / width);
    }
    return new BinaryMask(width, in);
  }

  /** Whether a place belongs to it; none outside the picture does. */
  boolean at(int x, int y) {
    return x >= 0 && x < width && y >= 0 && y * width < in.length && in[y * width + x];
  }

  /**
   * Without what is nowhere broader than twice the reach; what the picture's edge cuts counts as
   * going on.
   */
  BinaryMask opened(double reach) {
    double[] inside = far(false);
    boolean[] core = new boolean[in.length];
    for (int i = 0; i < core.length; i++) {
      core[i] = inside[i] > reach;
    }
    double[] around = new BinaryMask(width, core).far(true);
    boolean[] opened = new boolean[in.length];
    for (int i = 0; i < opened.length; i++) {
      opened[i] = in[i] && around[i] <= reach;
    }
    return new BinaryMask(width, opened);
  }

  /**
   * How far each place is from the nearest that belongs to it, or from the nearest that does not.
   */
  private double[] far(boolean belonging) {
    double[] far = new double[in.length];
    for (int i = 0; i < far.length; i++) {
      far[i] = in[i] == belonging ? 0 : Double.POSITIVE_INFINITY;
    }
    for (int i = 0; i < far.length; i++) {
      nearer(far, i, -1);
    }
    for (int i = far.length - 1; i >= 0; i--) {
      nearer(far, i, 1);
    }
    return far;
  }

  private void nearer(double[] far, int i, int way) {
    for (int dx = -1; dx <= 1; dx++) {
      int x = i % width + dx;
      int other = i + way * width + dx;
      if (x >= 0 && x < width && other >= 0 && other < far.length) {
        far[i] = Math.min(far[i], far[other] + (dx == 0 ? 1 : SLANT));
      }
    }
    int x = i % width + way;
    if (x >= 0 && x < width) {
      far[i] = Math.min(far[i], far[i + way] + 1);
    }
  }

  /** How many places the largest piece has, of those that share an edge. */
  int largest() {
    boolean[] open = Arrays.copyOf(in, in.length);
    return IntStream.range(0, in.length).map(i -> taken(open, i)).max().orElse(0);
  }

  /** How many places hang together with one, which are no longer open then. */
  private int taken(boolean[] open, int first) {
    Deque<Integer> next = new ArrayDeque<>();
    next.push(first);
    int n = 0;
    while (!next.isEmpty()) {
      int i = next.pop();
      if (i >= 0 && i < open.length && open[i]) {
        open[i] = false;
        n++;
        next.push(i - width);
        next.push(i + width);
        if (i % width > 0) {
          next.push(i - 1);
        }
        if (i % width < width - 1) {
          next.push(i + 1);
        }
      }
    }
    return n;
  }
}
