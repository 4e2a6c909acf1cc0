package dev.likeness.photos.internal.face;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.SimilarityTransform;
import java.util.List;

/**
 * The aligned crops that published identity methods take of a face, from its five landmarks. The
 * crops equal those of the authors' code for the same landmarks. Detectors differ: the authors use
 * SCRFD and RetinaFace.
 */
public enum FaceCrop {
  /**
   * {@code norm_crop} of insightface with 112 pixels, the input of face embedders: InstantID,
   * InfiniteYou, PuLID, PhotoMaker v2, FaceID.
   */
  NORM_112(normTemplate(112), Fit.LEAST_SQUARES, 0, 0, 0),
  /** {@code norm_crop} of insightface with 224 pixels: FaceID-Plus for Stable Diffusion 1.5. */
  NORM_224(normTemplate(224), Fit.LEAST_SQUARES, 0, 0, 0),
  /** {@code norm_crop} of insightface with 256 pixels: FaceID-Plus for SDXL. */
  NORM_256(normTemplate(256), Fit.LEAST_SQUARES, 0, 0, 0),
  /**
   * {@code FaceRestoreHelper} of facexlib with 512 pixels, on the landmarks of aligned FFHQ images:
   * PuLID. Outside the image, the crop is grey.
   */
  FFHQ_512(
      new AlignmentTemplate(
          512,
          new Face.Landmarks(
              new Point(192.98138, 239.94708),
              new Point(318.90277, 240.1936),
              new Point(256.63416, 314.01935),
              new Point(201.26117, 371.41043),
              new Point(313.08905, 371.15118))),
      Fit.LEAST_MEDIAN,
      132,
      133,
      135);

  /** How a transform is fitted to the landmarks. */
  private enum Fit {
    LEAST_SQUARES {
      @Override
      SimilarityTransform of(List<Point> from, List<Point> to) {
        return SimilarityTransform.fit(from, to);
      }
    },
    LEAST_MEDIAN {
      @Override
      SimilarityTransform of(List<Point> from, List<Point> to) {
        return OpenCvGeometry.leastMedian(from, to)
            .orElseThrow(() -> new IllegalArgumentException(
                "the landmarks " + from + " determine no alignment; give five different points"));
      }
    };

    abstract SimilarityTransform of(List<Point> from, List<Point> to);
  }

  private final AlignmentTemplate template;
  private final Fit fit;
  private final int[] outside;

  FaceCrop(AlignmentTemplate template, Fit fit, int red, int green, int blue) {
    this.template = template;
    this.fit = fit;
    this.outside = new int[] {red, green, blue};
  }

  /** Returns the side of the crop in pixels. */
  public int side() {
    return template.size();
  }

  /**
   * Returns the transform from the image to the crop.
   *
   * @throws IllegalArgumentException if the landmarks determine none
   */
  public SimilarityTransform transform(Face.Landmarks landmarks) {
    return fit.of(landmarks.points(), template.landmarks().points());
  }

  /**
   * Returns the aligned face.
   *
   * @throws IllegalArgumentException if the landmarks determine no alignment
   */
  public RgbImage of(RgbImage image, Face.Landmarks landmarks) {
    return crop(image, transform(landmarks));
  }

  /** Returns the aligned face; its eyes are estimated if the detector finds no landmarks. */
  public RgbImage of(RgbImage image, Face face) {
    return face.landmarks()
        .map(landmarks -> of(image, landmarks))
        .orElseGet(() -> template.align(image, face));
  }

  /** Returns the crop of a known transform. */
  RgbImage crop(RgbImage image, SimilarityTransform onto) {
    return OpenCvGeometry.warp(image, onto, side(), outside);
  }

  /**
   * Returns the template of {@code norm_crop} for crops of {@code side} pixels: scaled for
   * multiples of 112, else with a margin left and right.
   */
  public static AlignmentTemplate normTemplate(int side) {
    AlignmentTemplate small = AlignmentTemplate.ARCFACE;
    boolean multiple = side % small.size() == 0;
    double factor = side / (multiple ? (double) small.size() : 128.0);
    return new AlignmentTemplate(
        side, small.landmarks().mapped(factor, multiple ? 0 : 8 * factor, 0));
  }
}
