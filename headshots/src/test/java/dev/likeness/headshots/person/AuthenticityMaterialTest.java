package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.material.Material;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Each flag by the real networks, on a photo of the person themselves, as it is and flattered. */
class AuthenticityMaterialTest {
  private static final String PEOPLE = "photos/people/tests__test_images__";

  private static ReviewTools tools;
  private static Authenticity authenticity;
  private static RgbImage photo;

  @BeforeAll
  static void open() {
    tools = ReviewTools.builtIn()
        .withDetector(Material.of("faces/yunet_n_640_640.onnx"))
        .withEmbedder(Material.of("faces/mobileface_v2_112.onnx"), UsePolicy.COMMERCIAL);
    authenticity = Authenticity.of(
        List.of(accepted("obama.jpg"), accepted("obama3.jpg"), accepted("obama2.jpg")), tools);
    photo = RgbImage.read(Material.of(PEOPLE + "obama.jpg"));
  }

  @AfterAll
  static void close() {
    if (tools != null) {
      tools.close();
    }
  }

  private static AcceptedPhoto accepted(String name) {
    RgbImage image = RgbImage.read(Material.of(PEOPLE + name));
    return AcceptedPhoto.of(name, image, tools.detector().detect(image).get(0));
  }

  @Test
  void saysNothingOfOtherPhotosOfThem() {
    for (String name : List.of("photos/people/examples__obama_small.jpg", PEOPLE + "obama.jpg")) {
      assertEquals(
          new Authenticity.Result(Set.of(), Set.of()),
          authenticity.judge(RgbImage.read(Material.of(name))));
    }
  }

  @Test
  void flagsAnotherPerson() {
    RgbImage other = RgbImage.read(Material.of(PEOPLE + "biden.jpg"));
    assertTrue(authenticity.judge(other).flags().contains(Authenticity.Flag.LOW_LIKENESS));
  }

  @Test
  void flagsASlimmedFace() {
    RgbImage slim = Resampler.AREA.resize(photo, photo.width() * 4 / 5, photo.height());
    assertEquals(Set.of(Authenticity.Flag.SLIMMER), authenticity.judge(slim).flags());
  }

  @Test
  void flagsASmoothedFace() {
    RgbImage smooth = Resampler.AREA.resize(photo, photo.width() / 8, photo.height() / 8);
    smooth = Resampler.AREA.resize(smooth, photo.width(), photo.height());
    assertTrue(authenticity.judge(smooth).flags().contains(Authenticity.Flag.YOUNGER));
  }

  @Test
  void flagsALightenedFace() {
    byte[] rgb = photo.rgb();
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) Math.round(255 * Math.pow((rgb[i] & 255) / 255.0, 0.5));
    }
    Set<Authenticity.Flag> flags =
        authenticity.judge(RgbImage.of(photo.width(), photo.height(), rgb)).flags();
    assertTrue(flags.contains(Authenticity.Flag.LIGHTER_SKIN), flags.toString());
  }
}
