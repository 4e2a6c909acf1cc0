package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IdentityStrength.Measurement;
import dev.likeness.headshots.person.IdentityStrength.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DialTallyTest {
  private static final Setting HALF = new Setting(0.5, 0.2, 1, 0, 1);

  @Test
  void goesOnBehindTheLastWholeLine(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("shown.csv");
    DialTally first = DialTally.open(file);
    first.add(new DialTally.Line(Setting.OFF, 1, "studio", 0.1, 4, 4));
    first.add(new DialTally.Line(HALF, 1, "studio", 0.5, 4, 3));
    Files.writeString(file, "0.5,0.2,1.0,0.0,1.0,1,off", StandardOpenOption.APPEND);
    DialTally second = DialTally.open(file);
    assertTrue(second.has(HALF, 1, "studio"));
    assertFalse(second.has(HALF, 1, "office"));
    second.add(new DialTally.Line(HALF, 1, "office", 0.7, 6, 6));
    DialTally third = DialTally.open(file);
    assertEquals(
        List.of(new Measurement(Setting.OFF, 0.1, 1, 1), new Measurement(HALF, 0.6, 0.9, 2)),
        third.settings());
    assertEquals(2, IdentityStrength.curve(third.settings(), 0.85, HALF).size());
    assertEquals(760, DialPlot.draw("shown", third.settings(), third.settings()).width());
  }
}
