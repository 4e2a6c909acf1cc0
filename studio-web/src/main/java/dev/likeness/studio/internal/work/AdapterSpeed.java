package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/**
 * How long an adapter takes on this machine: measured when the page asks for it, by opening the
 * adapter and encoding a grey image of nobody.
 */
final class AdapterSpeed {
  private static final int SIDE = 512;

  private final Map<String, Speed> known = new ConcurrentHashMap<>();
  private final Map<String, String> failures = new ConcurrentHashMap<>();
  private final Set<String> measuring = ConcurrentHashMap.newKeySet();

  /** The seconds of opening, and those of one photo. */
  private record Speed(double opening, double photo) {}

  /** Returns the seconds that some photos take; empty while they are not known. */
  OptionalDouble seconds(Adapters.Offer offer, int photos) {
    Speed speed = known.get(offer.id());
    return speed == null
        ? OptionalDouble.empty()
        : OptionalDouble.of(speed.opening + photos * speed.photo);
  }

  boolean isMeasuring(Adapters.Offer offer) {
    return measuring.contains(offer.id());
  }

  /** Returns why an adapter could not be opened; empty if it was not tried, or it was opened. */
  Optional<String> failure(Adapters.Offer offer) {
    return Optional.ofNullable(failures.get(offer.id()));
  }

  /** Measures once, on a worker of the queue; calls {@code changed} when the result is known. */
  void measure(Studio studio, Adapters.Offer offer, Runnable changed) {
    Workshop workshop = studio.workshop();
    if (known.containsKey(offer.id()) || !measuring.add(offer.id())) {
      return;
    }
    try {
      workshop
          .queue()
          .submit(
              run -> run.cancellation().run(() -> {
                long begun = System.nanoTime();
                return workshop.adapters().with(offer, open -> {
                  long opened = System.nanoTime();
                  open.adapter().prompt(List.of(nobody()));
                  long end = System.nanoTime();
                  known.put(offer.id(), new Speed((opened - begun) / 1e9, (end - opened) / 1e9));
                  return null;
                });
              }),
              Math.max(1, workshop.adapters().memory(offer)),
              GenerationQueue.DEFAULT_PRIORITY - 1,
              event -> {},
              Duration.ZERO)
          .toCompletableFuture()
          .whenComplete((done, failure) -> {
            if (failure != null) {
              failures.put(
                  offer.id(),
                  studio.message(
                      failure instanceof CompletionException wrapped
                          ? wrapped.getCause()
                          : failure));
            } else {
              failures.remove(offer.id());
            }
            measuring.remove(offer.id());
            changed.run();
          });
    } catch (LikenessException | IllegalStateException full) {
      // The queue has no room; the page asks again.
      measuring.remove(offer.id());
    }
  }

  private static AcceptedPhoto nobody() {
    byte[] grey = new byte[3 * SIDE * SIDE];
    Arrays.fill(grey, (byte) 128);
    Face face = new Face(
        new BoundingBox(SIDE / 4.0, SIDE / 4.0, SIDE / 2.0, SIDE / 2.0),
        1,
        HeadPose.FRONTAL,
        Optional.of(new Face.Eyes(point(0.4, 0.43), point(0.6, 0.43))),
        Optional.of(new Face.Landmarks(
            point(0.4, 0.43),
            point(0.6, 0.43),
            point(0.5, 0.54),
            point(0.42, 0.64),
            point(0.58, 0.64))));
    return AcceptedPhoto.of("grey", RgbImage.of(SIDE, SIDE, grey), face);
  }

  private static Point point(double x, double y) {
    return new Point(x * SIDE, y * SIDE);
  }
}
