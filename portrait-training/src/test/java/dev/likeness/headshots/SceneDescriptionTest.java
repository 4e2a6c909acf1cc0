package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.internal.training.SceneWords;
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
import dev.likeness.portrait.people.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Needs a base that knows such words and photos of which they are true. */
class SceneDescriptionTest {
  private static final long FIRST = 9_300_000_001L;
  private static final int PEOPLE = 3;

  @Test
  void readsClothesLightAndBackdropFromPhotosAndSaysNothingWrong() {
    int backdrops = 0;
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.EXACT);
        CascadeDetector detector = new CascadeDetector()) {
      for (long person = FIRST; person < FIRST + PEOPLE; person++) {
        List<Shot> shots = shots(new Random(3));
        List<SceneWords> scenes = scenes(Person.random(person), shots, base, detector);
        for (int i = 0; i < scenes.size(); i++) {
          Shot shot = shots.get(i);
          SceneWords read = scenes.get(i);
          assertEquals(shot.light().words(), read.word("light"));
          assertTrue(
              read.word("outfit").startsWith("a " + shot.outfitTint().words() + " "),
              read.word("outfit"));
          assertTrue(
              List.of("", shot.backdrop().words()).contains(read.word("backdrop")),
              read.word("backdrop"));
          backdrops += read.word("backdrop").isEmpty() ? 0 : 1;
        }
      }
    }
    // What is not sure is not said: of these weights' parks none is.
    assertTrue(backdrops >= 4, backdrops + " of 6 backdrops said");
  }

  private static List<Shot> shots(Random random) {
    return List.of(
        Shot.selfie(random)
            .withPose(0, 0, 0)
            .withOutfit(Outfit.T_SHIRT, Tint.GREEN, Pattern.PLAIN)
            .withLight(Light.FLASH, Tint.WHITE)
            .withBackdrop(Backdrop.BRICK, Tint.BROWN),
        Shot.selfie(random)
            .withPose(0, 0, 0)
            .withOutfit(Outfit.HOODIE, Tint.BLUE, Pattern.PLAIN)
            .withLight(Light.SOFT, Tint.WHITE)
            .withBackdrop(Backdrop.PARK, Tint.WHITE));
  }

  private static List<SceneWords> scenes(
      Person person, List<Shot> shots, BaseModel base, CascadeDetector detector) {
    List<AcceptedPhoto> photos = new ArrayList<>();
    for (Shot shot : shots) {
      RgbImage picture = Renderer.render(person, shot, 384).picture();
      photos.add(AcceptedPhoto.of("selfie", picture, detector.detect(picture).get(0)));
    }
    List<RgbImage> crops =
        photos.stream().map(photo -> photo.crop(base.defaults().width(), 4)).toList();
    return SceneDescription.of(
        base, photos, crops, "a " + Words.of(person.sex()), Progress.SILENT, new Cancellation());
  }
}
