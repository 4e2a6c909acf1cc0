package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.headshots.person.IdentityStrength.Measurement;
import dev.likeness.headshots.person.IdentityStrength.Setting;
import dev.likeness.ipadapter.IpAdapterFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityStrengthTest {
  private static final Measurement NOTHING = new Measurement(Setting.OFF, 0.1, 0.9, 20);
  private static final Measurement SOME =
      new Measurement(new Setting(0.4, 0, 1, 0, 0), 0.4, 0.9, 20);
  private static final Measurement LATE =
      new Measurement(new Setting(0.8, 0.2, 1, 0, 1), 0.5, 0.85, 20);
  private static final Measurement WORSE =
      new Measurement(new Setting(0.6, 0, 1, 0, 0), 0.45, 0.8, 20);
  private static final Measurement LOW_ADHERENCE =
      new Measurement(new Setting(1.2, 0, 1, 0, 1), 0.7, 0.3, 20);

  @Test
  void usesTheDefaultWithoutMeasurements() {
    assertEquals(new Setting(0.4, 0, 1, 0, 0.5), IdentityStrength.DEFAULT.at(0.5, false));
    assertEquals(new Setting(0.4, 0, 1, 1, 1), IdentityStrength.DEFAULT.at(1, true));
    assertEquals(Setting.OFF, IdentityStrength.DEFAULT.at(0, true));
    assertEquals(
        new Setting(0.2, 0, 1, 0.4, 1),
        IdentityStrength.DEFAULT_WITH_GUIDANCE.at(1, true),
        "a held face leaves less to both");
    assertEquals(
        new Setting(0.4, 0, 1, 0, 1),
        IdentityStrength.DEFAULT_WITH_GUIDANCE.at(1, false),
        "and to the adapter");
    assertEquals(
        "the identity strength must be in 0..1, got 1.5",
        assertThrows(IllegalArgumentException.class, () -> IdentityStrength.DEFAULT.at(1.5, true))
            .getMessage());
  }

  @Test
  void takesTheWeightOfTheAuthorsOfAMethod() {
    IpAdapterFile.Kind method = new IpAdapterFile.Kind(
        "A",
        "an A",
        false,
        false,
        false,
        Optional.empty(),
        "a",
        OptionalDouble.of(1),
        "an A for SDXL");
    IdentityStrength strength = IdentityStrength.of(method);
    assertEquals(1, strength.at(1, false).adapter());
    assertEquals(0.25, strength.at(0.5, true).adapter());
    assertEquals(strength, strength.withoutFaceGuidance());
  }

  @Test
  void ignoresGuidedCurvesWithoutFaceGuidance() {
    assertEquals(
        IdentityStrength.DEFAULT, IdentityStrength.DEFAULT_WITH_GUIDANCE.withoutFaceGuidance());
    assertEquals(IdentityStrength.DEFAULT, strength().withoutFaceGuidance());
    List<Measurement> free = List.of(NOTHING, SOME, WORSE);
    IdentityStrength measured = new IdentityStrength(free, free);
    assertEquals(measured, measured.withoutFaceGuidance());
  }

  @Test
  void keepsUndominatedSettingsWithEnoughAdherence() {
    List<Measurement> measured = List.of(LOW_ADHERENCE, LATE, WORSE, SOME, NOTHING);
    assertEquals(
        List.of(NOTHING, SOME, LATE),
        IdentityStrength.curve(measured, 0.85, LOW_ADHERENCE.setting()));
    assertEquals(
        List.of(NOTHING, SOME, LATE, LOW_ADHERENCE),
        IdentityStrength.curve(measured, 0, LOW_ADHERENCE.setting()));
  }

  @Test
  void endsAtTheGivenSetting() {
    List<Measurement> measured = List.of(LOW_ADHERENCE, LATE, WORSE, SOME, NOTHING);
    assertEquals(List.of(NOTHING, SOME), IdentityStrength.curve(measured, 0.85, SOME.setting()));
    assertEquals(
        List.of(NOTHING, SOME, WORSE),
        IdentityStrength.curve(measured, 0.85, WORSE.setting()),
        "LATE is more like them");
  }

  @Test
  void goesEvenStepsOfLikenessAlongTheCurve() {
    IdentityStrength dial = strength();
    assertEquals(Setting.OFF, dial.at(0, false));
    assertEquals(LATE.setting(), dial.at(1, false));
    assertEquals(0.4, dial.at(0.75, false).adapter(), 1e-12);
    Setting between = dial.at(0.875, false);
    assertEquals(0.6, between.adapter(), 1e-12);
    assertEquals(0.1, between.start(), 1e-12);
    assertEquals(0.5, between.face(), 1e-12);
    assertEquals(0.2, dial.at(0.375, false).adapter(), 1e-12);
  }

  @Test
  void isReadAsItWasWritten(@TempDir Path folder) {
    Path adapter = folder.resolve("ip-adapter.safetensors");
    assertEquals(IdentityStrength.DEFAULT, IdentityStrength.forAdapter(adapter));
    strength().save(folder.resolve("identity-strength.json"));
    assertEquals(strength(), IdentityStrength.open(folder.resolve("identity-strength.json")));
    assertEquals(strength(), IdentityStrength.forAdapter(adapter));
  }

  @Test
  void findsAFileOfAnEarlierVersionByItsOldName(@TempDir Path folder) {
    strength().save(folder.resolve("likeness-dial.json"));
    assertEquals(strength(), IdentityStrength.forAdapter(folder.resolve("ip-adapter.safetensors")));
  }

  @Test
  void readsOldKeys(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("identity-strength.json");
    strength().save(file);
    String text = Files.readString(file);
    String old = text.replace("\"reference_only\"", "\"shown\"")
        .replace("\"with_lora\"", "\"both\"")
        .replace("\"prompt_adherence\"", "\"following\"")
        .replace("\"images\"", "\"pictures\"");
    assertFalse(old.contains("images") || old.contains("lora\" : ["), old);
    assertEquals(strength(), IdentityStrength.open(Files.writeString(file, old)));
  }

  @Test
  void refusesInvalidCurves(@TempDir Path folder) throws IOException {
    assertTrue(assertThrows(
            IllegalArgumentException.class,
            () -> IdentityStrength.curve(List.of(SOME), 0, SOME.setting()))
        .getMessage()
        .contains(Setting.OFF + " was not measured"));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            IdentityStrength.curve(List.of(NOTHING, LOW_ADHERENCE), 0.85, LOW_ADHERENCE.setting()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new IdentityStrength(
            List.of(NOTHING, LATE, SOME), IdentityStrength.DEFAULT.withLora()));
    Path file =
        Files.writeString(folder.resolve("identity-strength.json"), "{\"reference_only\": 3}");
    assertTrue(assertThrows(InvalidInputException.class, () -> IdentityStrength.open(file))
        .getMessage()
        .startsWith(file
            + " is not readable as identity strengths; expected the curves \"reference_only\""
            + " and \"with_lora\""));
  }

  private static IdentityStrength strength() {
    return new IdentityStrength(
        IdentityStrength.curve(List.of(NOTHING, SOME, LATE), 0.5, LATE.setting()),
        IdentityStrength.DEFAULT.withLora());
  }
}
