package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that {@code draw_kps} of InstantID and of InfiniteYou drew. */
class KeypointImageTest {
  private static final String GOLDEN = "/golden/keypoints/";

  private static List<?> cases() throws IOException {
    return (List<?>) JSON.std
        .mapFrom(Files.readAllBytes(GoldenResource.file(GOLDEN + "keypoints.json")))
        .get("cases");
  }

  static IntStream indices() throws IOException {
    return IntStream.range(0, cases().size());
  }

  @ParameterizedTest
  @MethodSource("indices")
  void drawsKeypointsPixelByPixelAsTheAuthors(int index) throws IOException {
    Map<?, ?> golden = (Map<?, ?>) cases().get(index);
    List<Point> points = ((List<?>) golden.get("points"))
        .stream()
            .map(p -> (List<?>) p)
            .map(p ->
                new Point(((Number) p.get(0)).doubleValue(), ((Number) p.get(1)).doubleValue()))
            .toList();
    RgbImage expected = RgbImage.read(GoldenResource.file(GOLDEN + index + ".png"));

    RgbImage drawn = KeypointImage.of(
        (Integer) golden.get("width"),
        (Integer) golden.get("height"),
        new Face.Landmarks(
            points.get(0), points.get(1), points.get(2), points.get(3), points.get(4)));

    assertEquals(expected.width(), drawn.width());
    assertArrayEquals(expected.rgb(), drawn.rgb());
  }
}
