package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Backdrop;
import dev.likeness.portrait.people.Light;
import dev.likeness.portrait.people.Outfit;
import dev.likeness.portrait.people.Pattern;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import dev.likeness.portrait.people.Tint;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Needs a base that knows such words and photos of which they are true. */
class SceneDescriptionTest {
  private static final Person PERSON = Person.random(9_300_000_001L);

  @Test
  void readsClothesLightAndBackdropFromEachPhoto() {
    Random random = new Random(3);
    List<Shot> shots = List.of(
        Shot.selfie(random).withPose(0, 0, 0).withOutfit(Outfit.T_SHIRT, Tint.GREEN, Pattern.PLAIN)
            .withLight(Light.FLASH, Tint.WHITE).withBackdrop(Backdrop.BRICK, Tint.BROWN),
        Shot.selfie(random).withPose(0, 0, 0).withOutfit(Outfit.HOODIE, Tint.BLUE, Pattern.PLAIN)
            .withLight(Light.SOFT, Tint.WHITE).withBackdrop(Backdrop.PARK, Tint.WHITE));
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.EXACT); CascadeDetector detector = new CascadeDetector()) {
      List<AcceptedPhoto> photos = new ArrayList<>();
      for (Shot shot : shots) {
        Picture picture = Renderer.render(PERSON, shot, 384).picture();
        photos.add(AcceptedPhoto.of("selfie", picture, detector.detect(picture).get(0)));
      }
      List<Picture> crops = photos.stream().map(photo -> photo.crop(base.defaults().width(), 4)).toList();
      List<SceneWords> scenes =
          SceneDescription.of(base, photos, crops, "a woman", Progress.SILENT, new Cancellation());
      assertEquals("flash, brick wall", scenes.get(0).word("light") + ", " + scenes.get(0).word("backdrop"));
      assertEquals("soft light, park", scenes.get(1).word("light") + ", " + scenes.get(1).word("backdrop"));
      assertTrue(scenes.get(0).word("outfit").startsWith("a green "), scenes.get(0).word("outfit"));
      assertTrue(scenes.get(1).word("outfit").startsWith("a blue "), scenes.get(1).word("outfit"));
    }
  }
}
