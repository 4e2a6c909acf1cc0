package dev.likeness.photos.face;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WiderSearchTest {
  private static final RgbImage IMAGE = RgbImage.of(100, 200, new byte[100 * 200 * 3]);

  @Test
  void choosesFacesOverTwiceAsWideAsASmallOne() {
    assertEquals(
        faces(60), CascadeSearch.WiderSearch.searchIfSmall(faces(15, 19), IMAGE, () -> faces(60)));
    assertEquals(
        faces(60), CascadeSearch.WiderSearch.searchIfSmall(List.of(), IMAGE, () -> faces(60)));
    assertEquals(
        faces(15, 19),
        CascadeSearch.WiderSearch.searchIfSmall(faces(15, 19), IMAGE, () -> faces(30)));
    assertEquals(faces(19), CascadeSearch.WiderSearch.searchIfSmall(faces(19), IMAGE, List::of));
  }

  @Test
  void searchesOnceIfTheFaceIsLarge() {
    assertEquals(faces(5, 20), CascadeSearch.WiderSearch.searchIfSmall(faces(5, 20), IMAGE, () -> {
      throw new AssertionError("looked again");
    }));
  }

  private static List<Face> faces(double... widths) {
    return Arrays.stream(widths)
        .mapToObj(width -> new Face(
            new BoundingBox(0, 0, width, width),
            1,
            new HeadPose(0, 0, 0),
            Optional.empty(),
            Optional.empty()))
        .toList();
  }
}
