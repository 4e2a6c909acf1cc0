package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.BiFunction;
import org.bytedeco.opencv.global.opencv_objdetect;

/**
 * A face detector without model files: OpenCV's Haar cascades. It resizes the longer side of the
 * image to 640 pixels, but never enlarges the image by a factor above 5. It searches for profiles
 * only if it finds no frontal face. It finds no landmarks. Concurrent detections use separate
 * cascades. {@link #detect} caches the faces of an image until the image is garbage-collected. A
 * closed detector throws {@link IllegalStateException}.
 */
public final class CascadeDetector implements FaceDetector {
  private static final int WORKING_SIDE = 640;
  // The smallest face of a cascade has 24 pixels. A face of fewer than 5 pixels is not told from
  // noise, and the search of noise takes longest.
  private static final double MAX_ENLARGEMENT = 5;

  private final ConcurrentLinkedDeque<CascadeSearch> idleSearches = new ConcurrentLinkedDeque<>();
  // Scores, likeness, authenticity and crops ask for the faces of the same image, one after the
  // other. An entry ends with its image.
  private final Map<RgbImage, List<Face>> found = Collections.synchronizedMap(new WeakHashMap<>());
  private volatile boolean closed;

  /**
   * Loads OpenCV. The first detection loads the cascades.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if a native library is missing; the
   *     message names its Maven coordinates
   */
  public CascadeDetector() {
    OpenCv.load(opencv_objdetect.class);
  }

  @Override
  public List<Face> detect(RgbImage image) {
    requireOpen();
    List<Face> faces = found.get(image);
    if (faces == null) {
      faces = detect(image, CascadeSearch::detect);
      found.put(image, faces);
    }
    return faces;
  }

  @Override
  public List<Face> detectFrontal(RgbImage image) {
    return detect(image, CascadeSearch::detectFrontal);
  }

  @Override
  public List<Face> detectLarge(RgbImage image) {
    return detect(image, CascadeSearch::detectLarge);
  }

  private List<Face> detect(
      RgbImage image, BiFunction<CascadeSearch, RgbImage, List<Face>> method) {
    double scale =
        Math.min(MAX_ENLARGEMENT, (double) WORKING_SIDE / Math.max(image.width(), image.height()));
    RgbImage working = scale < 1
        ? Resampler.AREA.fit(image, WORKING_SIDE)
        : Resampler.CUBIC.resize(
            image, scaledLength(image.width(), scale), scaledLength(image.height(), scale));
    CascadeSearch search = acquire();
    try {
      return method.apply(search, working).stream()
          .map(face -> scaled(face, 1 / scale))
          .sorted(Comparator.comparingDouble((Face face) -> face.box().area()).reversed())
          .toList();
    } finally {
      release(search);
    }
  }

  @Override
  public String name() {
    return "haar";
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the face detector is closed; open it again");
    }
  }

  private CascadeSearch acquire() {
    requireOpen();
    CascadeSearch search = idleSearches.poll();
    return search == null ? new CascadeSearch() : search;
  }

  private void release(CascadeSearch search) {
    idleSearches.push(search);
    if (closed) {
      close();
    }
  }

  private static int scaledLength(int length, double scale) {
    return Math.max(1, (int) Math.round(length * scale));
  }

  private static Face scaled(Face face, double factor) {
    Optional<Face.Eyes> eyes =
        face.eyes().map(e -> new Face.Eyes(e.left().scaled(factor), e.right().scaled(factor)));
    return new Face(face.box().scaled(factor), face.score(), face.pose(), eyes, face.landmarks());
  }

  /**
   * Frees the cascades. A detection that runs in another thread still finishes, and then frees its
   * own cascades.
   */
  @Override
  public void close() {
    closed = true;
    found.clear();
    for (CascadeSearch search = idleSearches.poll(); search != null; search = idleSearches.poll()) {
      search.close();
    }
  }
}
