package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.headshots.person.IdentityStrength.Measured;
import dev.likeness.headshots.person.IdentityStrength.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityStrengthTest {
  private static final Measured NOTHING = new Measured(Setting.NOTHING, 0.1, 0.9, 20);
  private static final Measured SOME = new Measured(new Setting(0.4, 0, 1, 0, 0), 0.4, 0.9, 20);
  private static final Measured LATE = new Measured(new Setting(0.8, 0.2, 1, 0, 1), 0.5, 0.85, 20);
  private static final Measured WORSE = new Measured(new Setting(0.6, 0, 1, 0, 0), 0.45, 0.8, 20);
  private static final Measured DEAF = new Measured(new Setting(1.2, 0, 1, 0, 1), 0.7, 0.3, 20);

  @Test
  void drawsAsBeforeWhereNothingWasMeasured() {
    assertEquals(new Setting(0.4, 0, 1, 0, 0.5), IdentityStrength.UNMEASURED.at(0.5, false));
    assertEquals(new Setting(0.4, 0, 1, 1, 1), IdentityStrength.UNMEASURED.at(1, true));
    assertEquals(Setting.NOTHING, IdentityStrength.UNMEASURED.at(0, true));
    assertEquals(
        new Setting(0.2, 0, 1, 0.4, 1),
        IdentityStrength.HELD.at(1, true),
        "a held face leaves less to both");
    assertEquals(
        new Setting(0.4, 0, 1, 0, 1), IdentityStrength.HELD.at(1, false), "and to the adapter");
    assertEquals(
        "likeness 1.5 is outside 0..1",
        assertThrows(
                IllegalArgumentException.class, () -> IdentityStrength.UNMEASURED.at(1.5, true))
            .getMessage());
  }

  @Test
  void takesNoCurveOfHeldFacesWhereNothingHoldsThem() {
    assertEquals(IdentityStrength.UNMEASURED, IdentityStrength.HELD.unheld());
    assertEquals(IdentityStrength.UNMEASURED, dial().unheld());
    List<Measured> free = List.of(NOTHING, SOME, WORSE);
    IdentityStrength measured = new IdentityStrength(free, free);
    assertEquals(measured, measured.unheld());
  }

  @Test
  void keepsWhatNothingBeatsAndFollowsEnough() {
    List<Measured> measured = List.of(DEAF, LATE, WORSE, SOME, NOTHING);
    assertEquals(
        List.of(NOTHING, SOME, LATE), IdentityStrength.curve(measured, 0.85, DEAF.setting()));
    assertEquals(
        List.of(NOTHING, SOME, LATE, DEAF), IdentityStrength.curve(measured, 0, DEAF.setting()));
  }

  @Test
  void endsWhereItIsToldTo() {
    List<Measured> measured = List.of(DEAF, LATE, WORSE, SOME, NOTHING);
    assertEquals(List.of(NOTHING, SOME), IdentityStrength.curve(measured, 0.85, SOME.setting()));
    assertEquals(
        List.of(NOTHING, SOME, WORSE),
        IdentityStrength.curve(measured, 0.85, WORSE.setting()),
        "LATE is more like them");
  }

  @Test
  void goesEvenStepsOfLikenessAlongTheCurve() {
    IdentityStrength dial = dial();
    assertEquals(Setting.NOTHING, dial.at(0, false));
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
    assertEquals(IdentityStrength.UNMEASURED, IdentityStrength.beside(adapter));
    dial().save(folder.resolve("likeness-dial.json"));
    assertEquals(dial(), IdentityStrength.open(folder.resolve("likeness-dial.json")));
    assertEquals(dial(), IdentityStrength.beside(adapter));
  }

  @Test
  void refusesWhatIsNoCurve(@TempDir Path folder) throws IOException {
    assertTrue(assertThrows(
            IllegalArgumentException.class,
            () -> IdentityStrength.curve(List.of(SOME), 0, SOME.setting()))
        .getMessage()
        .contains(Setting.NOTHING + " was not measured"));
    assertThrows(
        IllegalArgumentException.class,
        () -> IdentityStrength.curve(List.of(NOTHING, DEAF), 0.85, DEAF.setting()));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new IdentityStrength(List.of(NOTHING, LATE, SOME), IdentityStrength.UNMEASURED.both()));
    Path file = Files.writeString(folder.resolve("likeness-dial.json"), "{\"shown\": 3}");
    assertTrue(assertThrows(InvalidInputException.class, () -> IdentityStrength.open(file))
        .getMessage()
        .startsWith(file + " holds no likeness dial, expected the curves \"shown\" and \"both\""));
  }

  private static IdentityStrength dial() {
    return new IdentityStrength(
        IdentityStrength.curve(List.of(NOTHING, SOME, LATE), 0.5, LATE.setting()),
        IdentityStrength.UNMEASURED.both());
  }
}
