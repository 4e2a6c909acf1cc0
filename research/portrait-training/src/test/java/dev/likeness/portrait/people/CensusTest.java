package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CensusTest {
  private final Census census = Census.of(0, 6000);

  @Test
  void countsAsManyWomenAsMenAndEverySkinAlike() {
    assertEquals(.5, census.share("sex", "woman"), .03);
    for (String skin : Words.skins()) {
      assertEquals(.2, census.share("skin", skin), .03);
    }
  }

  @Test
  void findsPeopleOfEveryAge() {
    for (String age : Words.ages()) {
      assertTrue(census.share("age", age) > .22, age);
    }
  }

  @Test
  void findsEveryHairStyleOftenEnoughToBeLearnt() {
    for (HairStyle style : HairStyle.values()) {
      assertTrue(census.share("hair", style.words()) > .015, style.words());
    }
  }

  @Test
  void drawsSexAgeSkinBuildAndBonesApartFromEachOther() {
    assertTrue(
        census.strongestCorrelation() < .06,
        "strongest correlation " + census.strongestCorrelation());
  }

  @Test
  void givesEveryNumberItsOwnPerson() {
    assertTrue(Arrays.equals(Person.random(5).identity(), Person.random(5).identity()));
    assertFalse(Arrays.equals(Person.random(5).identity(), Person.random(6).identity()));
    for (float value : Person.random(7).identity()) {
      assertTrue(value >= -1.5f && value <= 1.5f);
    }
  }

  @Test
  void tellsTheSharesOfWhatItCounts() {
    Map<?, ?> ancestry = (Map<?, ?>) census.shares().get("ancestry");
    assertEquals(6, ancestry.size());
    // Two of six, drawn evenly, the second as often the first again as any other.
    ancestry.values().forEach(share -> assertEquals(11 / 36.0, (double) share, .03));
    assertEquals(
        1,
        ((Map<?, ?>) census.shares().get("age"))
            .values().stream().mapToDouble(share -> (double) share).sum(),
        1e-9);
  }
}
