package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReferencePhotosTest {
  private static final int MANY = Integer.MAX_VALUE;

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1",
    "0, 2, 1",
    "0, 3, 2",
    "0, 4, 3",
    "0, 5, 3",
    "0, 6, 4",
    "0, 20, 4",
    "2, 6, 2",
    "9, 6, 5",
    "1, 1, 1"
  })
  void leavesPhotosThatJudge(int count, int accepted, int references) {
    List<AcceptedPhoto> photos = IntStream.range(0, accepted)
        .mapToObj(i -> photo("p" + i, 0, 10 * i, 100))
        .toList();
    ReferencePhotos.Choice choice = (count == 0
            ? ReferencePhotos.DEFAULT
            : ReferencePhotos.DEFAULT.count(count))
        .choose(photos, MANY);
    assertEquals(references, choice.references().size());
    assertEquals(accepted - references, choice.others().size());
    Set<AcceptedPhoto> all = new HashSet<>(choice.references());
    all.addAll(choice.others());
    assertEquals(new HashSet<>(photos), all, "each photo is in one of the two lists");
  }

  @Test
  void takesAsManyAsTheBaseTakes() {
    List<AcceptedPhoto> photos =
        IntStream.range(0, 8).mapToObj(i -> photo("p" + i, 0, 10 * i, 100)).toList();
    assertEquals(1, ReferencePhotos.DEFAULT.choose(photos, 1).references().size());
  }

  @Test
  void choosesThePosesAndLightsThatDifferMost() {
    List<AcceptedPhoto> photos = new ArrayList<>();
    photos.add(photo("turned right", 50, 0, 100));
    photos.add(photo("frontal", 0, 0, 100));
    photos.add(photo("nearly frontal", 4, 0, 100));
    photos.add(photo("nearly turned", 46, 0, 100));
    photos.add(photo("bright", 2, 0, 220));
    photos.add(photo("turned left", -50, 0, 100));
    assertEquals(
        List.of("frontal", "turned right", "turned left", "bright"),
        ReferencePhotos.DEFAULT.choose(photos, MANY).references().stream()
            .map(AcceptedPhoto::name)
            .toList());
  }

  @Test
  void prefersSharpPhotos() {
    List<AcceptedPhoto> photos = List.of(
        blurred(photo("blurred", 0, 0, 100)),
        photo("sharp", 0, 0, 100),
        blurred(photo("blurred too", 3, 0, 100)));
    assertEquals(
        "sharp",
        ReferencePhotos.DEFAULT.choose(photos, MANY).references().get(0).name());
  }

  @Test
  void cropsAsRequested(@TempDir Path folder) {
    AcceptedPhoto photo = photo("p", 0, 0, 100);
    Path klein = PipelineFolder.write("klein/base", folder).path();
    try (BaseModel base = BaseModel.open(klein, Compute.EXACT)) {
      ReferencePhotos choice = ReferencePhotos.DEFAULT.side(128);
      RgbImage shoulders = choice.images(List.of(photo), base).get(0);
      RgbImage face =
          choice.crop(ReferencePhotos.Crop.FACE).images(List.of(photo), base).get(0);
      RgbImage whole =
          choice.crop(ReferencePhotos.Crop.WHOLE).images(List.of(photo), base).get(0);
      assertEquals(128, shoulders.width());
      assertEquals(128, shoulders.height());
      assertEquals(96, face.width(), "1.2 times the face of 80 pixels is not enlarged");
      assertEquals(whole.height(), whole.width() * 3 / 4, "a whole photo keeps its shape");
      assertTrue(whole.width() * whole.height() <= 128 * 128);
      assertEquals(
          64,
          choice.side(64).images(List.of(photo), base).get(0).width(),
          "a smaller image saves time");
    }
  }

  @Test
  void refusesByNameABaseThatDoesNotEdit(@TempDir Path folder) {
    Path zimage = PipelineFolder.write("zimage/turbo", folder).path();
    try (BaseModel base = BaseModel.open(zimage, Compute.EXACT)) {
      assertEquals(
          "the base turbo of the family zimage does not edit images, so it accepts no reference"
              + " images of a person; use a base that edits images, or train the person",
          assertThrows(InvalidInputException.class, () -> ReferencePhotos.requireEditing(base))
              .getMessage());
    }
  }

  @Test
  void refusesValuesOutOfRange() {
    for (Runnable wrong : List.<Runnable>of(
        () -> ReferencePhotos.DEFAULT.count(11),
        () -> ReferencePhotos.DEFAULT.count(0),
        () -> ReferencePhotos.DEFAULT.count(-1),
        () -> ReferencePhotos.DEFAULT.side(63),
        () -> ReferencePhotos.DEFAULT.side(2049))) {
      assertTrue(assertThrows(IllegalArgumentException.class, wrong::run)
          .getMessage()
          .startsWith("reference photos need a count of 1 to 10 and a side of 64 to 2048 pixels"));
    }
  }

  /** A painted head of a pose, on a canvas of 320 x 240 pixels. */
  static AcceptedPhoto photo(String name, double yaw, int shade, int brightness) {
    byte[] rgb = new byte[3 * 320 * 240];
    for (int i = 0; i < rgb.length / 3; i++) {
      int x = i % 320;
      int y = i / 320;
      boolean face = Math.hypot((x - 160) / 40.0, (y - 100) / 50.0) < 1;
      boolean eye = face && y > 85 && y < 95 && (Math.abs(x - 145) < 5 || Math.abs(x - 175) < 5);
      int grain = (x * 31 + y * 17) % 23;
      int value = eye ? 20 : face ? brightness + grain : 40 + (shade + x / 8 + y / 8) % 60;
      for (int c = 0; c < 3; c++) {
        rgb[3 * i + c] = (byte) value;
      }
    }
    return photo(name, yaw, RgbImage.of(320, 240, rgb));
  }

  private static AcceptedPhoto photo(String name, double yaw, RgbImage image) {
    return AcceptedPhoto.of(
        name,
        image,
        new Face(
            new BoundingBox(120, 60, 80, 80),
            1,
            new HeadPose(yaw, 0, 0),
            Optional.of(new Face.Eyes(new Point(145, 90), new Point(175, 90))),
            Optional.empty()));
  }

  private static AcceptedPhoto blurred(AcceptedPhoto photo) {
    byte[] rgb = photo.image().rgb();
    byte[] out = rgb.clone();
    int reach = 4;
    for (int y = reach; y < 240 - reach; y++) {
      for (int x = reach; x < 320 - reach; x++) {
        int sum = 0;
        for (int dy = -reach; dy <= reach; dy++) {
          for (int dx = -reach; dx <= reach; dx++) {
            sum += rgb[3 * ((y + dy) * 320 + x + dx)] & 255;
          }
        }
        byte mean = (byte) (sum / ((2 * reach + 1) * (2 * reach + 1)));
        out[3 * (y * 320 + x)] = out[3 * (y * 320 + x) + 1] = out[3 * (y * 320 + x) + 2] = mean;
      }
    }
    return photo(photo.name(), photo.face().pose().yaw(), RgbImage.of(320, 240, out));
  }
}
