package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.ReviewTools;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that version 0.1.0 wrote open with everything that they say. */
class OldFilesTest {
  @Test
  void opensAPersonsFile(@TempDir Path folder) {
    try (BaseModel base = GoldenFolder.load(
            GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
        LoraPerson ada = LoraPerson.open(old("person.safetensors"), base);
        ReviewTools tools = ReviewTools.builtIn()) {
      assertEquals("Ada: yes", ada.consent().orElseThrow().text());
      assertEquals("base-today", ada.baseName());
      PersonRecord kept = PersonRecord.of(ada);
      PersonProfile profile = kept.profile();
      assertEquals(
          List.of("sex", "skin", "hair", "colour", "glasses"),
          profile.traits().stream().map(PersonProfile.Trait::attribute).toList());
      assertEquals("a woman with fair skin, short hair and round glasses", profile.phrase());
      assertEquals(
          new PersonProfile.Trait("hair", "short # hair", 0.613, PersonProfile.Trait.Source.PHOTOS),
          profile.trait("hair").orElseThrow());
      FaceEmbeddings guide = kept.guidanceFaces().orElseThrow();
      assertEquals("guide", guide.embedder());
      assertArrayEquals(new float[] {0, 1}, guide.vectors().get(1));
      FaceEmbeddings faces = kept.faces().orElseThrow();
      assertEquals("eye", faces.embedder());
      assertArrayEquals(new float[] {0.6f, -0.8f}, faces.vectors().get(0));
      assertEquals("flash", PersonRecord.SharedLight.of(ada).words());
      assertEquals(
          List.of(new FaceTraits(31.25, 2.5, 0.9375), new FaceTraits(Double.NaN, 3.1, Double.NaN)),
          kept.traits());
      Map<String, String> again = new HashMap<>(kept.addTo(ada).metadata());
      assertEquals(profile, PersonRecord.of(kept.addTo(ada)).profile());
      String written = again.put("likeness.profile", ada.metadata().get("likeness.profile"));
      assertTrue(written.contains("\"attribute\":\"hair\"") && !written.contains("slot"), written);
      assertEquals(ada.metadata(), again);
      assertTrue(ada.trainingSettings().startsWith("LoraTraining["), ada.trainingSettings());
      assertTrue(Authenticity.of(ada, tools).isPresent());
    }
    assertTrue(
        TrainingState.matches(old("person.safetensors"), Path.of("training-0badcafe.safetensors")));
  }

  @Test
  void opensAHeadshotByTheRecordOfItsShoot() {
    Headshot headshot = Headshot.findRecorded(old("headshot-001.png")).orElseThrow();
    assertEquals(
        "studio portrait of sks woman, wearing a white shirt, smiling, window light, "
            + "charcoal background",
        headshot.request().prompt());
    assertEquals("flash, hat", headshot.request().negative());
    assertEquals(7, headshot.request().steps().getAsInt());
    assertEquals(2.5, headshot.request().guidance().getAsDouble());
    assertEquals(40, headshot.seed());
    assertEquals(0.75, headshot.identityStrength());
    assertEquals("black-and-white", headshot.style().name());
    assertTrue(headshot.style().isMonochrome());
    assertEquals(RgbImage.read(old("headshot-001.png")), headshot.image());
  }

  @Test
  void opensAnEditedHeadshotByTheRecordOfItsEdit() {
    Headshot headshot = Headshot.findRecorded(old("edited.png")).orElseThrow();
    assertEquals(
        "studio portrait of sks woman, wearing a green sari", headshot.request().prompt());
    assertTrue(headshot.style().wardrobe().contains("a green sari"));
    assertEquals(3, headshot.seed());
  }

  @Test
  void opensAMeasuredCurveOfIdentityStrength() {
    IdentityStrength dial = IdentityStrength.open(old("likeness-dial.json"));
    assertEquals(new IdentityStrength.Setting(0.7, 0, 0.9, 0, 0), dial.at(1, false));
    assertEquals(new IdentityStrength.Setting(0.3, 0.1, 1, 0.8, 0), dial.at(1, true));
  }

  @Test
  void opensStyles() {
    List<Style> styles = Style.read(old("styles.json"));
    assertEquals(
        new Style(
            "library",
            "In the library",
            "candid portrait",
            List.of("a tweed jacket", "a wool sweater"),
            List.of("smiling", "looking thoughtful"),
            List.of("lamp light"),
            List.of("book shelves", "a reading room"),
            "50mm lens",
            "mask",
            OptionalDouble.of(3.5),
            "4:5",
            List.of("stable-diffusion", "other"),
            true),
        styles.get(0));
    assertEquals("square", styles.get(1).crop());
    assertTrue(styles.get(1).guidance().isEmpty());
  }

  private static Path old(String name) {
    try {
      return Path.of(OldFilesTest.class.getResource("old/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
