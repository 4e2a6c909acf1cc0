package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.internal.opencv.OpenCv;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgproc;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Rect;

/**
 * The mask of the person in a portrait, by GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004),
 * initialised with an outline of head and shoulders around the face.
 */
public final class PersonMask {
  // GrabCut runs at this size and the mask is enlarged. A larger size takes longer and finds single
  // strands of hair.
  private static final int SIDE = 256;
  private static final int ITERATIONS = 5;
  // The largest distance of hair from the middle of the face, in face widths. If the face is large,
  // it is limited to half of the image's width, because hair rarely reaches the edge.
  private static final double HAIR_REACH = 0.95;
  private static final double HAIR_WIDTH_SHARE = 0.5;
  // Share of the image's width at each side that is background above the shoulders, unless hair
  // reaches there.
  private static final double EDGE_SHARE = 0.03;
  private static final int SEED = 1;
  private static final byte BACKGROUND = 0;
  private static final byte PERSON = 1;
  private static final byte LIKELY_BACKGROUND = 2;
  private static final byte LIKELY_PERSON = 3;

  private PersonMask() {}

  /**
   * Returns the mask of the person with this face: white on the person, black elsewhere, grey at
   * the border. It has the size of the image and is deterministic.
   */
  @SuppressWarnings("try")
  public static RgbImage of(RgbImage image, BoundingBox face) {
    RgbImage small = Resampler.AREA.fit(image, SIDE);
    BoundingBox box = face.scaled((double) small.width() / image.width());
    byte[] labels = initialLabels(small.width(), small.height(), box);
    OpenCv.load(opencv_imgproc.class);
    try (PointerScope scope = new PointerScope()) {
      Mat mask = new Mat(small.height(), small.width(), opencv_core.CV_8UC1);
      mask.data().put(labels);
      // GrabCut initialises its colour models with the random generator of this thread.
      opencv_core.setRNGSeed(SEED);
      opencv_imgproc.grabCut(
          OpenCv.toBgr(small),
          mask,
          new Rect(),
          new Mat(),
          new Mat(),
          ITERATIONS,
          opencv_imgproc.GC_INIT_WITH_MASK);
      mask.data().get(labels);
    }
    Mask person = (x, y) -> isPerson(labels[y * small.width() + x]) ? 1 : 0;
    return Resampler.CUBIC.resize(
        person.toImage(small.width(), small.height()), image.width(), image.height());
  }

  private static boolean isPerson(byte label) {
    return label == PERSON || label == LIKELY_PERSON;
  }

  private static byte[] initialLabels(int width, int height, BoundingBox box) {
    byte[] labels = new byte[width * height];
    double hair = Math.min(HAIR_REACH, HAIR_WIDTH_SHARE * width / box.width());
    for (int i = 0; i < labels.length; i++) {
      double across = Math.abs((i % width - box.center().x()) / box.width());
      double below = (i / width - (box.y() + box.height())) / box.height();
      double fromSide = Math.min(i % width + 1, width - i % width) / (double) width;
      labels[i] = label(across, below, hair, fromSide < EDGE_SHARE);
    }
    return labels;
  }

  /**
   * Returns the initial label of a pixel.
   *
   * @param across distance from the middle of the face, in face widths
   * @param below distance below the chin, in face heights
   * @param reach largest distance of hair, in face widths
   * @param edge true near the left or right edge of the image
   */
  private static byte label(double across, double below, double reach, boolean edge) {
    double head = Math.hypot(across, (below + 0.5) / 1.2);
    if (head < 0.42 || below > 0.3 && across < 0.25 + 0.3 * below) {
      return PERSON;
    }
    boolean hair = Math.hypot(across, (below + 0.55) / 1.14) < reach;
    boolean body = below > 0.05 && across < 0.55 + 1.1 * below;
    if (hair || body) {
      return LIKELY_PERSON;
    }
    boolean far = below < -1.75 || below < 0 && (edge || across > 1.6);
    return far ? BACKGROUND : LIKELY_BACKGROUND;
  }
}
