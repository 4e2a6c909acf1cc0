package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.SimilarityTransform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Crops that {@code tools/goldens/face_crops.py} took by insightface and facexlib. */
class FaceCropTest {
  private static final String GOLDEN = "/golden/crops/";
  private static final int EVERY = 7;

  private static List<Map<?, ?>> cases() {
    try {
      Map<String, Object> file =
          JSON.std.mapFrom(Files.readAllBytes(GoldenResource.file(GOLDEN + "crops.json")));
      return ((List<?>) file.get("cases"))
          .stream().<Map<?, ?>>map(item -> (Map<?, ?>) item).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String key(FaceCrop crop) {
    return crop == FaceCrop.FFHQ_512 ? "ffhq" : "norm_crop." + crop.side();
  }

  private static Face.Landmarks landmarks(Map<?, ?> golden) {
    List<Point> points = ((List<?>) golden.get("landmarks"))
        .stream()
            .map(p -> new Point(number((List<?>) p, 0), number((List<?>) p, 1)))
            .toList();
    return new Face.Landmarks(
        points.get(0), points.get(1), points.get(2), points.get(3), points.get(4));
  }

  private static SimilarityTransform transform(Map<?, ?> golden, FaceCrop crop) {
    List<?> rows = (List<?>) golden.get(key(crop));
    List<?> x = (List<?>) rows.get(0);
    List<?> y = (List<?>) rows.get(1);
    return new SimilarityTransform(number(x, 0), number(y, 0), number(x, 2), number(y, 2));
  }

  private static double number(List<?> row, int at) {
    return ((Number) row.get(at)).doubleValue();
  }

  /**
   * The authors compute in f32, with an error of about 1e-6 of a coordinate; a thousandth of a
   * pixel is far below what their detectors agree in.
   */
  @ParameterizedTest
  @EnumSource
  void findsTheTransformsOfTheAuthors(FaceCrop crop) {
    for (Map<?, ?> golden : cases()) {
      Face.Landmarks face = landmarks(golden);
      SimilarityTransform expected = transform(golden, crop);
      SimilarityTransform found = crop.transform(face);
      for (Point p : face.points()) {
        double apart = found.apply(p).distance(expected.apply(p));
        assertTrue(apart < 1e-3, crop + " " + face + ": " + apart);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void takesTheCropsOfTheAuthorsPixelByPixel(FaceCrop crop) {
    RgbImage photo = RgbImage.read(GoldenResource.file(GOLDEN + "photo.png"));
    List<Map<?, ?>> cases = cases();
    try (TensorScope scope = TensorScope.open();
        Safetensors expected =
            Safetensors.open(GoldenResource.file(GOLDEN + "crops.safetensors"))) {
      for (int i = 0; i < cases.size(); i++) {
        Tensor kept = expected.read(i + "." + key(crop));
        // The transform of the authors: their f32 moves a few samples at hard edges by 1/32 pixel.
        RgbImage same = crop.crop(photo, transform(cases.get(i), crop));
        assertEquals(0, different(kept, same, 0), crop + " " + i + ": pixels that differ");
        RgbImage own = crop.of(photo, landmarks(cases.get(i)));
        assertTrue(
            different(kept, own, 1) <= 0.002 * kept.numel(),
            crop + " " + i + ": " + different(kept, own, 1) + " of " + kept.numel());
      }
    }
  }

  /** The number of values that differ by more than {@code most} levels. */
  private static int different(Tensor kept, RgbImage crop, int most) {
    byte[] values = new byte[(int) kept.numel()];
    new BytePointer(kept.contiguous().data_ptr()).get(values);
    int count = 0;
    int at = 0;
    for (int y = 0; y < crop.height(); y += EVERY) {
      for (int x = 0; x < crop.width(); x += EVERY) {
        for (int c = 0; c < 3; c++) {
          count += Math.abs((values[at++] & 255) - crop.at(x, y, c)) > most ? 1 : 0;
        }
      }
    }
    assertEquals(values.length, at);
    return count;
  }

  /** Least squares would move the crop by as much as a fifth of the error. */
  @Test
  void doesNotFollowALandmarkThatIsFarOff() {
    Face.Landmarks face = landmarks(cases().get(0));
    Face.Landmarks wrong = new Face.Landmarks(
        face.leftEye(),
        face.rightEye(),
        face.nose(),
        face.leftMouth().moved(60, 45),
        face.rightMouth());
    Point eye = FaceCrop.FFHQ_512.transform(face).apply(face.leftEye());
    assertTrue(FaceCrop.FFHQ_512.transform(wrong).apply(face.leftEye()).distance(eye) < 8);
    Point normed = FaceCrop.NORM_112.transform(face).apply(face.leftEye());
    assertTrue(FaceCrop.NORM_112.transform(wrong).apply(face.leftEye()).distance(normed) > 8);
  }

  @Test
  void isGreyOutsideThePhotoAsFacexlibAndBlackAsInsightface() {
    RgbImage photo = RgbImage.read(GoldenResource.file(GOLDEN + "photo.png"));
    Face.Landmarks corner = landmarks(cases().get(4));
    RgbImage ffhq = FaceCrop.FFHQ_512.of(photo, corner);
    assertEquals(
        List.of(132, 133, 135),
        List.of(ffhq.at(0, 500, 0), ffhq.at(0, 500, 1), ffhq.at(0, 500, 2)));
    assertEquals(0, FaceCrop.NORM_112.of(photo, corner).at(0, 110, 2));
  }

  @ParameterizedTest
  @EnumSource
  void refusesLandmarksAtOnePoint(FaceCrop crop) {
    Point p = new Point(3, 4);
    Face.Landmarks face = new Face.Landmarks(p, p, p, p, p);
    String message =
        assertThrows(IllegalArgumentException.class, () -> crop.transform(face)).getMessage();
    assertEquals(
        crop == FaceCrop.FFHQ_512
            ? "the landmarks " + Collections.nCopies(5, p)
                + " determine no alignment; give five different points"
            : "the points to align are all at " + p + "; give different points",
        message);
  }
}
