package dev.likeness.photos.face;

import dev.likeness.diffusion.image.RgbImage;
import java.util.List;

/**
 * The positions of the five face landmarks in the square input of a network.
 *
 * @param size side of the input in pixels
 * @param landmarks positions in pixels of that input; (0, 0) is the centre of the first pixel
 */
public record AlignmentTemplate(int size, Face.Landmarks landmarks) {
  /**
   * The template of ArcFace and of most later embedders (Deng et al., CVPR 2019;
   * {@code arcface_dst} of insightface). The input is 112 pixels wide and high.
   */
  public static final AlignmentTemplate ARCFACE = new AlignmentTemplate(
      112,
      new Face.Landmarks(
          new Point(38.2946, 51.6963),
          new Point(73.5318, 51.5014),
          new Point(56.0252, 71.7366),
          new Point(41.5493, 92.3655),
          new Point(70.7299, 92.2041)));

  /**
   * Returns this template for an input of another size. Landmarks keep their relative positions.
   *
   * @param side side of the new input in pixels
   * @return the scaled template
   */
  public AlignmentTemplate scaledTo(int side) {
    double factor = (double) side / size;
    return new AlignmentTemplate(
        side, landmarks.mapped(factor, (factor - 1) / 2, (factor - 1) / 2));
  }

  /**
   * Returns the transform that maps a face onto the template. The method uses the five landmarks of
   * the face. If there are none, it uses the eyes. If there are no eyes either, it uses the box.
   *
   * @param face a face, in pixels of its image
   * @return the transform from the image to the template
   * @throws IllegalArgumentException if all landmarks of the face are at one point, or if a face
   *     without landmarks has both eyes at one point
   */
  public SimilarityTransform estimateTransform(Face face) {
    List<Point> five = landmarks.points();
    if (face.landmarks().isPresent()) {
      return SimilarityTransform.fit(face.landmarks().get().points(), five);
    }
    return face.eyes()
        .map(
            eyes -> SimilarityTransform.fit(List.of(eyes.left(), eyes.right()), five.subList(0, 2)))
        .orElseGet(() -> SimilarityTransform.fit(defaultEyes(face.box()), five.subList(0, 2)));
  }

  /**
   * Returns the face aligned to the template.
   *
   * @param image the image that contains the face
   * @param face the face, in pixels of {@code image}
   * @return the aligned face, {@link #size} pixels wide and high; black outside the image
   * @throws IllegalArgumentException if all landmarks of the face are at one point, or if a face
   *     without landmarks has both eyes at one point
   */
  public RgbImage align(RgbImage image, Face face) {
    return estimateTransform(face).warp(image, size);
  }

  private static List<Point> defaultEyes(BoundingBox box) {
    double y = box.y() + 0.39 * box.height();
    return List.of(
        new Point(box.x() + 0.3 * box.width(), y), new Point(box.x() + 0.7 * box.width(), y));
  }
}
