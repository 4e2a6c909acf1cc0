package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Edits of a headshot over HTTP: new versions, masks, undo, and what is refused. */
class StudioEditTest {
  @TempDir
  private Path folder;

  @Test
  void makesVersionsAndTakesThemBack() {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String person = StudioFlowTest.addSamples(studio, 2);
      StudioFlowTest.train(studio, person);
      String shoot = StudioFlowTest.shoot(studio, person, List.of("studio"), 1);
      String image = person + "/images/1";
      byte[] generated = studio.get(image).body();
      refusesWhatIsNoEdit(studio, image);

      Map<String, Object> described = studio.get(image + "/edits").json();
      assertEquals(
          List.of("outfit", "backdrop", "light", "expression"),
          ((List<?>) described.get("parts"))
              .stream().map(part -> ((Map<?, ?>) part).get("part")).toList());
      edit(studio, image, Map.of("action", "start", "backdrop", "a plain red wall"));
      byte[] red = studio.get(image).body();
      assertFalse(Arrays.equals(generated, red));
      assertArrayEquals(red, studio.get(image + "?version=1").body());
      assertArrayEquals(generated, studio.get(image + "?version=0").body());
      assertEquals(404, studio.get(image + "?version=2").status());
      Map<?, ?> version = (Map<?, ?>) versions(studio, image).get(0);
      assertTrue(String.valueOf(version.get("prompt")).contains("a plain red wall"));
      assertTrue(((Number) version.get("changed_share")).doubleValue() > 0.01, version::toString);
      assertFalse(((List<?>) version.get("scores")).isEmpty(), "the edited image is judged");
      assertEquals(
          1, ((Map<?, ?>) ((List<?>) studio.get(shoot).json().get("images")).get(0)).get("edits"));

      edit(
          studio,
          image,
          Map.of("action", "start", "mask", corner(256), "mask_words", "a lamp", "strength", 0.5));
      List<?> versions = versions(studio, image);
      assertEquals(2, versions.size());
      assertTrue(
          String.valueOf(((Map<?, ?>) versions.get(1)).get("prompt")).contains("a plain red wall"),
          "an edit begins from the newest version");
      byte[] exported = studio.get(image + "/file?format=jpeg").body();
      Map<String, Object> says = studio.upload("/api/credentials", exported).json();
      assertTrue(says.toString().contains("omposite"), "the file is marked as edited: " + says);

      assertEquals(202, studio.post(image + "/edits", Map.of("action", "undo")).status());
      assertArrayEquals(red, studio.get(image).body());
      assertEquals(202, studio.post(image + "/edits", Map.of("action", "undo")).status());
      assertArrayEquals(generated, studio.get(image).body());
      assertEquals(409, studio.post(image + "/edits", Map.of("action", "undo")).status());
    }
  }

  @Test
  void saysThatAnImageWithoutItsRecordCanOnlyBeLookedAtAndExported() throws IOException {
    try (RunningStudio studio = RunningStudio.onPortrait(folder)) {
      String person = StudioFlowTest.addSamples(studio, 2);
      StudioFlowTest.train(studio, person);
      String shoot = StudioFlowTest.shoot(studio, person, List.of("studio"), 1);
      Subject subject = studio.store.subject(person.substring(person.lastIndexOf('/') + 1));
      Files.delete(subject.folder(DataCategory.IMAGES).resolve("record.json"));
      String image = person + "/images/1";
      for (RunningStudio.Reply refused : List.of(
          studio.get(image + "/edits"),
          studio.post(image + "/edits", Map.of("action", "start", "outfit", "a suit")))) {
        assertEquals(404, refused.status());
        assertEquals(
            "record.json has no settings of image 1, so it can only be looked at and exported;"
                + " generate it again",
            refused.error());
      }
      assertEquals(200, studio.get(image).status());
      assertEquals(200, studio.get(image + "/file?format=jpeg").status());
      assertEquals(200, studio.get(shoot).status(), "the page of the shoot can still be shown");
    }
  }

  private static void refusesWhatIsNoEdit(RunningStudio studio, String image) {
    for (Map<String, ?> wrong : List.of(
        Map.of("action", "start"),
        Map.of("action", "start", "outfit", " "),
        Map.of("action", "start", "outfit", "a".repeat(201)),
        Map.of("action", "start", "outfit", "a suit", "strength", 2),
        Map.of("action", "start", "mask", "no base64!"),
        Map.of("action", "paint"))) {
      assertEquals(400, studio.post(image + "/edits", wrong).status(), wrong::toString);
    }
    RunningStudio.Reply small =
        studio.post(image + "/edits", Map.of("action", "start", "mask", corner(64)));
    assertEquals(422, small.status());
    assertEquals(
        "the mask has 64x64 pixels and the image 256x256; send a mask of the image's size",
        small.error());
    assertEquals(409, studio.post(image + "/edits", Map.of("action", "pause")).status());
    assertEquals(409, studio.post(image + "/edits", Map.of("action", "resume")).status());
    assertEquals(404, studio.get(image + "99/edits").status());
    assertEquals(400, studio.get(image + "?version=../1").status());
  }

  private static void edit(RunningStudio studio, String image, Map<String, ?> order) {
    RunningStudio.Reply started = studio.post(image + "/edits", order);
    assertEquals(202, started.status(), started::error);
    RunningStudio.await(
        () -> {
          Map<String, Object> now = studio.get(image + "/edits").json();
          assertFalse("failed".equals(now.get("state")), now::toString);
          return "none".equals(now.get("state"));
        },
        "the image is edited");
  }

  private static List<?> versions(RunningStudio studio, String image) {
    return (List<?>) studio.get(image + "/edits").json().get("versions");
  }

  /** A mask whose left upper quarter is white. */
  private static String corner(int side) {
    byte[] rgb = new byte[side * side * 3];
    for (int y = 0; y < side / 2; y++) {
      Arrays.fill(rgb, y * side * 3, y * side * 3 + side / 2 * 3, (byte) 255);
    }
    return Base64.getEncoder().encodeToString(RgbImage.of(side, side, rgb).toPng());
  }
}
