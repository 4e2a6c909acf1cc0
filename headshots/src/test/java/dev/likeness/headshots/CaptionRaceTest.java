package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CaptionRaceTest {
  private static final int NOISES = 16;

  /** Captions that err by their own number on the whole, more under strong noise, and by chance. */
  private static final class Numbered implements CaptionRace.Judge {
    final Map<String, List<Integer>> asked = new HashMap<>();
    private final double chance;

    Numbered(double chance) {
      this.chance = chance;
    }

    @Override
    public double[] errors(int[] noises, List<String> captions) {
      return IntStream.range(0, noises.length)
          .mapToDouble(i -> {
            String caption = captions.get(i);
            asked.computeIfAbsent(caption, c -> new ArrayList<>()).add(noises[i]);
            double own = new Random((31L * caption.hashCode() + noises[i]) * 0x9E3779B97F4A7C15L)
                    .nextGaussian()
                * chance;
            return Double.parseDouble(caption) + 10 * noises[i] + own;
          })
          .toArray();
    }
  }

  private static CaptionRace race(Numbered judge, String... captions) {
    return CaptionRace.of(judge, NOISES, List.of(captions), new Cancellation());
  }

  @Test
  void clearLosersAreAskedOnce() {
    Numbered judge = new Numbered(0.1);
    CaptionRace race = race(judge, "9", "1", "7", "8", "5");
    assertEquals(1, race.best());
    assertTrue(race.confidence() > 0.99, "sure: " + race.confidence());
    judge.asked.forEach((caption, noises) -> assertEquals(4, noises.size(), caption));
  }

  @Test
  void likelyOnesAreAskedEveryNoiseOnce() {
    Numbered judge = new Numbered(2);
    CaptionRace race = race(judge, "90", "1.2", "1");
    for (String close : List.of("1", "1.2")) {
      assertEquals(NOISES, judge.asked.get(close).size(), close);
      assertEquals(NOISES, new TreeSet<>(judge.asked.get(close)).size(), close);
    }
    assertEquals(4, judge.asked.get("90").size());
    assertTrue(race.confidence() < 0.99, "unsure: " + race.confidence());
  }

  @Test
  void roundsHaveNoisesOfAllStrengthsOnPhotosInTurn() {
    Numbered judge = new Numbered(0.1);
    race(judge, "1", "9");
    List<Integer> first = judge.asked.get("1");
    assertEquals(List.of(0, 1, 2, 3), first.stream().map(noise -> noise / 4).toList());
    assertEquals(4, first.stream().map(noise -> noise % 4).distinct().count());
  }

  @Test
  void aSingleCaptionNeedsNoRace() {
    Numbered judge = new Numbered(1);
    CaptionRace race = race(judge, "3");
    assertEquals(0, race.best());
    assertEquals(1, race.confidence());
    assertTrue(judge.asked.isEmpty());
  }

  @Test
  void stopsWhenCancelled() {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    Numbered judge = new Numbered(1);
    assertThrows(
        CancelledException.class,
        () -> CaptionRace.of(judge, NOISES, List.of("1", "2"), cancellation));
    assertTrue(judge.asked.isEmpty());
  }
}
