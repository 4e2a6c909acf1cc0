package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.FolderEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The embedder that the embedded model brings, on people whom it never saw, found by the built-in detector. */
class PortraitEmbedderTest {
  @Test
  void findsAPersonAmongOthersLikeThem() {
    int recognised = 0;
    int photos = 0;
    try (FaceEmbedder embedder = FolderEmbedder.in(PortraitModel.files()).orElseThrow();
        FaceDetector detector = new CascadeDetector()) {
      for (long seed = 9_300_000_000L; seed < 9_300_000_004L; seed++) {
        Person person = Person.random(seed);
        Gallery gallery = new Gallery(person, 20, 4, detector, embedder);
        Random random = new Random(seed);
        for (int i = 0; i < 4; i++) {
          var face = gallery.vector(Renderer.render(person, Shot.headshot(random), 256).picture());
          if (face.isPresent()) {
            photos++;
            recognised += gallery.recognises(face.get()) ? 1 : 0;
          }
        }
      }
    }
    assertTrue(photos >= 8 && recognised >= 0.7 * photos, recognised + " of " + photos);
  }
}
