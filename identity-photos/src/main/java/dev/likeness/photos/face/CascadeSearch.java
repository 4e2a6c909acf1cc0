package dev.likeness.photos.face;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.internal.image.Luma;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;
import org.bytedeco.opencv.opencv_core.RectVector;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_objdetect.CascadeClassifier;

/**
 * The Haar cascades of one thread. One cascade proposes faces and another must confirm them. Slower
 * searches (red channel, padded image, profiles) run only if the first one finds nothing.
 */
final class CascadeSearch implements AutoCloseable {
  private static final double SAME_FACE_OVERLAP = 0.4;
  private static final double PROFILE_YAW = 60;
  // Shares of the image's longer side. A search for larger faces only is much faster.
  private static final double MIN_FACE_SHARE = 0.05;
  private static final double LARGE_FACE_SHARE = 0.25;

  private final HaarCascade frontalAlt2 = new HaarCascade("frontalface_alt2");
  private final HaarCascade frontalAlt = new HaarCascade("frontalface_alt");
  private final HaarCascade frontalDefault = new HaarCascade("frontalface_default");
  private final HaarCascade profile = new HaarCascade("profileface");
  private final EyeCascades eyes = new EyeCascades();

  /** Returns all faces of an image, in its pixels. */
  @SuppressWarnings("try")
  List<Face> detect(RgbImage image) {
    Luma luma = Luma.of(image);
    try (PointerScope scope = new PointerScope()) {
      Mat plain = OpenCv.toGrey(luma);
      List<Face> faces = WiderSearch.searchIfSmall(
          detectFrontal(plain, minSize(plain, MIN_FACE_SHARE), 3, false), image, () -> {
            // Dark skin, white beards and glasses affect the red channel less than the brightness.
            Mat redness = OpenCv.toGrey(Luma.ofRed(image));
            return detectFrontal(redness, minSize(redness, MIN_FACE_SHARE), 2, true);
          });
      if (faces.isEmpty()) {
        faces = detectCutOff(luma);
      }
      return faces.isEmpty() ? detectProfiles(luma, plain) : faces;
    }
  }

  /**
   * Returns the frontal faces that the plain search finds. It takes a fraction of the time of
   * {@link #detect}.
   */
  List<Face> detectFrontal(RgbImage image) {
    return detectFrontal(image, MIN_FACE_SHARE);
  }

  /**
   * Returns frontal faces wider than a quarter of the image's longer side. It takes half the time
   * of {@link #detectFrontal(RgbImage)}.
   */
  List<Face> detectLarge(RgbImage image) {
    return detectFrontal(image, LARGE_FACE_SHARE);
  }

  @SuppressWarnings("try")
  private List<Face> detectFrontal(RgbImage image, double share) {
    try (PointerScope scope = new PointerScope()) {
      Mat plain = OpenCv.toGrey(Luma.of(image));
      return detectFrontal(plain, minSize(plain, share), 3, false);
    }
  }

  // A lenient search also accepts the default cascade, which confuses ornaments with faces. It
  // therefore requires two eyes.
  private List<Face> detectFrontal(Mat grey, int least, int neighbours, boolean lenient) {
    List<Face> faces = new ArrayList<>();
    for (BoundingBox box : frontalAlt2.detect(grey, neighbours, least)) {
      Optional<Face.Eyes> pair = eyes.detect(grey, box);
      boolean agreed = lenient
          ? pair.isPresent()
              && (isConfirmed(frontalAlt, grey, box, 2)
                  || isConfirmed(frontalDefault, grey, box, 2))
          : isConfirmed(frontalAlt, grey, box, pair.isPresent() ? 2 : 4);
      if (agreed) {
        double roll = pair.map(Face.Eyes::roll).orElse(0.0);
        faces.add(new Face(
            box, pair.isPresent() ? 1 : 0.5, new HeadPose(0, 0, roll), pair, Optional.empty()));
      }
    }
    return suppressOverlaps(faces);
  }

  private static boolean isConfirmed(
      HaarCascade cascade, Mat grey, BoundingBox box, int neighbours) {
    Rect around = clip(box.expanded(0.35), grey);
    Mat region = new Mat(grey, around);
    return cascade.detect(region, neighbours, (int) (box.width() * 0.6)).stream()
        .anyMatch(other -> other.moved(around.x(), around.y()).iou(box) >= SAME_FACE_OVERLAP);
  }

  // Finds faces that the image's edge cuts off, and faces in dark images.
  private List<Face> detectCutOff(Luma luma) {
    int margin = Math.max(luma.width(), luma.height()) / 8;
    Mat stretched = OpenCv.toGrey(luma.padded(margin));
    opencv_imgproc.equalizeHist(stretched, stretched);
    return detectFrontal(stretched, minSize(stretched, MIN_FACE_SHARE), 3, false).stream()
        .map(face -> moved(face, -margin))
        .toList();
  }

  private static Face moved(Face face, double by) {
    Optional<Face.Eyes> pair =
        face.eyes().map(e -> new Face.Eyes(e.left().moved(by, by), e.right().moved(by, by)));
    return new Face(face.box().moved(by, by), face.score(), face.pose(), pair, face.landmarks());
  }

  // The cascade was trained on one side only. The mirrored image finds the other side.
  private List<Face> detectProfiles(Luma luma, Mat plain) {
    List<Face> faces = new ArrayList<>();
    for (BoundingBox box : profile.detect(plain, 6, minSize(plain, MIN_FACE_SHARE))) {
      faces.add(profile(box, -PROFILE_YAW));
    }
    for (BoundingBox box :
        profile.detect(OpenCv.toGrey(luma.mirrored()), 6, minSize(plain, MIN_FACE_SHARE))) {
      BoundingBox back =
          new BoundingBox(luma.width() - box.x() - box.width(), box.y(), box.width(), box.height());
      faces.add(profile(back, PROFILE_YAW));
    }
    return suppressOverlaps(faces);
  }

  private static Face profile(BoundingBox box, double yaw) {
    return new Face(box, 0.25, new HeadPose(yaw, 0, 0), Optional.empty(), Optional.empty());
  }

  // One face is often found twice, at two sizes. The one with the higher score stays, then the
  // larger.
  private static List<Face> suppressOverlaps(List<Face> faces) {
    Comparator<Face> surer = Comparator.comparingDouble(Face::score)
        .thenComparingDouble(face -> face.box().area())
        .reversed();
    List<Face> kept = new ArrayList<>();
    for (Face face : faces.stream().sorted(surer).toList()) {
      if (kept.stream()
          .noneMatch(other -> other.box().intersectionOverMin(face.box()) > SAME_FACE_OVERLAP)) {
        kept.add(face);
      }
    }
    return kept;
  }

  private static int minSize(Mat grey, double share) {
    return Math.max(24, (int) (share * Math.max(grey.cols(), grey.rows())));
  }

  static Rect clip(BoundingBox box, Mat grey) {
    int x = (int) Math.max(0, box.x());
    int y = (int) Math.max(0, box.y());
    int right = (int) Math.min(grey.cols(), Math.ceil(box.x() + box.width()));
    int bottom = (int) Math.min(grey.rows(), Math.ceil(box.y() + box.height()));
    return new Rect(x, y, right - x, bottom - y);
  }

  @Override
  public void close() {
    frontalAlt2.close();
    frontalAlt.close();
    frontalDefault.close();
    profile.close();
    eyes.close();
  }

  /**
   * Repeats the search if only a small face was found. A small detection may be wrong while the
   * person was missed.
   */
  static final class WiderSearch {
    /** A face narrower than this share of the image's shorter side is small. */
    private static final double SMALL_FACE_SHARE = 0.2;

    private WiderSearch() {}

    /**
     * Returns {@code faces}, or the result of {@code another} search. The second search runs if all
     * faces are small, and wins if its widest face is more than twice as wide.
     */
    static List<Face> searchIfSmall(
        List<Face> faces, RgbImage image, Supplier<List<Face>> another) {
      if (maxWidth(faces) >= SMALL_FACE_SHARE * Math.min(image.width(), image.height())) {
        return faces;
      }
      List<Face> others = another.get();
      return maxWidth(others) > 2 * maxWidth(faces) ? others : faces;
    }

    private static double maxWidth(List<Face> faces) {
      return faces.stream().mapToDouble(face -> face.box().width()).max().orElse(0);
    }
  }

  /** One Haar cascade (Viola and Jones, CVPR 2001) from OpenCV's jar. Not thread-safe. */
  static final class HaarCascade implements AutoCloseable {
    private static final double SCALE_FACTOR = 1.1;
    private static final int NO_FLAGS = 0;

    private final String resource;
    private CascadeClassifier classifier;

    /**
     * Reads nothing: most images need half of the cascades, and each has up to a megabyte of XML.
     */
    HaarCascade(String name) {
      resource = "haarcascades/haarcascade_" + name + ".xml";
    }

    private CascadeClassifier classifier() {
      if (classifier == null) {
        CascadeClassifier read = new CascadeClassifier(OpenCv.dataFile(resource).getPath());
        if (read.empty()) {
          throw OpenCv.unreadable(resource, null);
        }
        // An open PointerScope of the caller must not free the cascade.
        read.retainReference();
        classifier = read;
      }
      return classifier;
    }

    /**
     * Returns boxes of at least {@code smallest} pixels that at least {@code neighbours} windows
     * confirm. The first call reads the cascade.
     *
     * @throws ResourceLimitException if OpenCV's file of the cascade cannot be read
     */
    List<BoundingBox> detect(Mat grey, int neighbours, int smallest) {
      CurrentWork.throwIfCancelled();
      try (RectVector found = new RectVector();
          Size least = new Size(smallest, smallest);
          Size most = new Size()) {
        classifier().detectMultiScale(grey, found, SCALE_FACTOR, neighbours, NO_FLAGS, least, most);
        List<BoundingBox> boxes = new ArrayList<>();
        for (long i = 0; i < found.size(); i++) {
          try (Rect r = found.get(i)) {
            boxes.add(new BoundingBox(r.x(), r.y(), r.width(), r.height()));
          }
        }
        return boxes;
      }
    }

    @Override
    public void close() {
      if (classifier != null) {
        classifier.releaseReference();
      }
    }
  }
}
