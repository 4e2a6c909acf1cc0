package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.internal.training.SceneWords;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.face.CascadeDetector;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedLightTest {
  private static final int SIDE = 32;
  private static final PersonRecord.SharedLight FLASH = new PersonRecord.SharedLight("flash");

  @TempDir
  private Path folder;

  @Test
  void isTheLightOfThreeInFourPhotos() {
    assertEquals("flash", lit("flash", "flash", "", "flash").words());
    assertEquals("", lit("flash", "window light", "", "flash").words());
    assertEquals("", lit("", "", "", "").words());
    assertEquals("", lit("flash", "flash").words(), "two photos are few");
    assertEquals(
        "", lit("soft light", "soft light", "soft light").words(), "what nobody has to ask for");
    assertEquals("", SceneWords.sharedLight(List.of()).words());
  }

  @Test
  void isInTheNegativePromptUnlessThePromptNamesIt() {
    String asked = "studio portrait of Ada, soft light";
    assertEquals("flash", FLASH.negativePrompt("", asked));
    assertEquals("hat, flash", FLASH.negativePrompt("hat", asked));
    assertEquals("hat, flash", FLASH.negativePrompt("hat, flash", asked), "said once");
    assertEquals("hat", FLASH.negativePrompt("hat, flash", "studio portrait of Ada, flash"));
    assertEquals(
        "", FLASH.negativePrompt("flash", "Golden-hour portrait, Flash"), "in capitals, too");
    assertEquals(
        "", new PersonRecord.SharedLight("golden hour").negativePrompt("", "Golden-hour portrait"));
    assertEquals("flash", FLASH.negativePrompt("", "a flashy tie"));
    assertEquals(
        "mask",
        new PersonRecord.SharedLight("").negativePrompt("Flash, mask", "lit by flash"),
        "of others, too, what is asked for");
    assertEquals(
        "hat,  mask",
        new PersonRecord.SharedLight("").negativePrompt("hat,  mask", asked),
        "as it was where photos differ");
  }

  /** Through a person's file, a shoot, and edits of its headshot. */
  @Test
  @Tag("slow")
  void isStoredInThePersonFileAndUsedForEveryImage() {
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        CascadeDetector detector = new CascadeDetector()) {
      Path file = folder.resolve("ada.safetensors");
      try (LoraPerson learnt = new LoraTrainer(TrainingSettings.quick().steps(2))
          .train(
              base,
              List.of(RgbImage.of(SIDE, SIDE, new byte[SIDE * SIDE * 3])),
              PersonToken.of("woman").consent("Ada: yes"),
              Run.silent())) {
        PersonRecord.EMPTY.withLight(FLASH).addTo(learnt).save(file);
      }
      try (LoraPerson ada = LoraPerson.open(file, base)) {
        HeadshotStudio studio = HeadshotStudio.on(base);
        Headshot shot = studio
            .shoot(ada, ShootRequest.of(Style.named("studio"), 1).steps(3))
            .headshots()
            .get(0);
        assertEquals("flash", shot.request().negative());
        HeadshotEdit flash = HeadshotEdit.inMask(white(), "").with(Style.Part.LIGHT, "flash");
        Headshot lit =
            studio.detector(detector).edit(ada, shot, flash, Run.silent()).after();
        assertEquals("", lit.request().negative());
        HeadshotEdit scarf = HeadshotEdit.inMask(white(), "a scarf");
        Headshot bare = Headshot.of(shot.image(), shot.style(), "Ada");
        assertEquals(
            "flash",
            studio
                .detector(detector)
                .edit(ada, bare, scarf, Run.silent())
                .after()
                .request()
                .negative());
      }
    }
  }

  private static PersonRecord.SharedLight lit(String... lights) {
    return SceneWords.sharedLight(Stream.of(lights)
        .map(light -> light.isEmpty() ? SceneWords.EMPTY : SceneWords.EMPTY.with("light", light))
        .toList());
  }

  private static RgbImage white() {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    Arrays.fill(rgb, (byte) -1);
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
