package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.score.PairNetwork;
import dev.likeness.portrait.people.Glasses;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainPairsTest {
  private static final int SIZE = 128;

  @ParameterizedTest
  @EnumSource(PairNetwork.Accessory.class)
  void writesTheNumbersThatScoresRead(PairNetwork.Accessory worn, @TempDir Path work)
      throws IOException {
    TrainPairs.main(new String[] {work.toString(), worn.name(), "1", "2", "3"});
    TrainGazeTest.assertLikeShipped(work.resolve(worn.file()));
  }

  @Test
  void fadesOneSideOfWhatIsWornAndLeavesTheRest() {
    Portrait portrait = portrait(Glasses.ROUND);
    WornPicture glasses = WornPicture.of(portrait, PairNetwork.Accessory.GLASSES);
    assertEquals(portrait.image(), glasses.with(1, 1));
    int middle = (int) (portrait.landmarks()[0] + portrait.landmarks()[2]) / 2;
    RgbImage faded = glasses.with(1, 0);
    assertEquals(0, differences(portrait.image(), faded, 0, middle - 3));
    assertTrue(differences(portrait.image(), faded, middle + 3, SIZE) > 30);
    assertEquals(
        0, differences(glasses.bare(), glasses.with(0, 0), 0, SIZE), "nothing else is worn");
  }

  @Test
  void tellsWhetherItIsSeen() {
    WornPicture glasses = WornPicture.of(portrait(Glasses.ROUND), PairNetwork.Accessory.GLASSES);
    assertEquals("1.0, 1.0", glasses.visible(-1) + ", " + glasses.visible(1));
    assertEquals(
        0, WornPicture.of(glasses.with(), PairNetwork.Accessory.HOOPS).visible(1), "no hoops");
    assertNotEquals(
        1, WornPicture.of(portrait(Glasses.NONE), PairNetwork.Accessory.GLASSES).visible(1));
  }

  private static Portrait portrait(Glasses glasses) {
    Person person = LongStream.range(9_950_000_000L, Long.MAX_VALUE)
        .mapToObj(Person::random)
        .filter(one -> one.glasses() == glasses && !one.earrings())
        .findFirst()
        .orElseThrow();
    return Renderer.render(person, Shot.headshot(new Random(1)).withPose(0, 0, 0), SIZE);
  }

  private static int differences(RgbImage one, RgbImage other, int from, int to) {
    int differences = 0;
    for (int y = 0; y < SIZE; y++) {
      for (int x = from; x < to; x++) {
        differences += one.at(x, y, 1) == other.at(x, y, 1) ? 0 : 1;
      }
    }
    return differences;
  }
}
