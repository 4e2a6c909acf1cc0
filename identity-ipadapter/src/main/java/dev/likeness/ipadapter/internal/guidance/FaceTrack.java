package dev.likeness.ipadapter.internal.guidance;

import dev.likeness.photos.face.Eyes;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A face that is looked for again and again while it comes into being: its eyes are where the last
 * looks agree.
 */
final class FaceTrack {
  private static final int LOOKS = 3;

  private final Deque<Eyes> eyes = new ArrayDeque<>();

  /** What a look found, with the eyes in the middle of those of the last looks that found any. */
  Face seen(Face found) {
    found.eyes().ifPresent(pair -> {
      eyes.addLast(pair);
      if (eyes.size() > LOOKS) {
        eyes.removeFirst();
      }
    });
    Optional<Eyes> steady = eyes.isEmpty()
        ? Optional.empty()
        : Optional.of(new Eyes(middle(Eyes::left), middle(Eyes::right)));
    return new Face(found.box(), found.score(), found.pose(), steady, Optional.empty());
  }

  private Point middle(Function<Eyes, Point> which) {
    return new Point(middle(which, Point::x), middle(which, Point::y));
  }

  private double middle(Function<Eyes, Point> which, ToDoubleFunction<Point> axis) {
    double[] places = eyes.stream().map(which).mapToDouble(axis).sorted().toArray();
    return (places[(places.length - 1) / 2] + places[places.length / 2]) / 2;
  }
}
