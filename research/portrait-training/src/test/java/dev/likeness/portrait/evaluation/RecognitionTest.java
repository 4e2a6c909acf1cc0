package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecognitionTest {
  private static final RgbImage BLACK = RgbImage.of(256, 256, new byte[256 * 256 * 3]);

  /** Finds a face in every image that is not black. */
  private record Anything() implements FaceDetector {
    @Override
    public List<Face> detect(RgbImage image) {
      return image == BLACK
          ? List.of()
          : List.of(new Face(
              new BoundingBox(64, 64, 128, 128),
              1,
              HeadPose.FRONTAL,
              Optional.empty(),
              Optional.empty()));
    }

    @Override
    public String name() {
      return "for a test";
    }

    @Override
    public void close() {}
  }

  @Test
  void countsByStyleWhomTheGalleryKnowsBest() {
    Person person = Person.random(9_200_000_000L);
    Gallery gallery = new Gallery(person, 3, 2, new Anything(), new ByPixels(16, 128));
    RgbImage own = selfie(person);
    Headshot seen = Headshot.of(own, Style.named("studio"), "a woman");
    Headshot faceless = Headshot.of(BLACK, Style.named("office"), "a woman");
    RgbImage somebody = selfie(Person.random(7));
    Map<String, Object> row =
        new Recognition(gallery).of(List.of(seen, faceless), shot -> somebody);
    assertEquals(0.5, row.get("recognised, drawn"), "an image without a face is counted");
    assertEquals(1.0, row.get("recognised, drawn, studio"));
    assertEquals(0.0, row.get("recognised, drawn, office"));
    assertEquals(
        gallery.likeness(gallery.vector(own).orElseThrow()),
        row.get("own judge's likeness, drawn"));
    assertEquals(
        gallery.likeness(gallery.vector(somebody).orElseThrow()),
        row.get("own judge's likeness, without the person"));
  }

  /** The first photo that a gallery knows a person by. */
  private static RgbImage selfie(Person person) {
    return Renderer.render(person, Shot.selfie(new Random(person.seed() * 31 + 7)), 256)
        .image();
  }
}
