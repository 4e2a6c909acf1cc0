package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.portrait.people.Person;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EvaluateHeadshotsTest {
  private static final List<Person> TWO =
      Stream.of(9_200_000_007L, 9_200_000_008L).map(Person::random).toList();

  @Test
  void refusesPartsThatNobodyHas() {
    assertTrue(EvaluateHeadshots.asked("one setting.*", TWO)
        .matcher("one setting 9200000008")
        .matches());
    assertEquals(
        "parts=person asks for none of what is measured; of person 9200000007 to among 200, 9200000008 give a regular "
            + "expression that matches a whole name",
        assertThrows(InvalidInputException.class, () -> EvaluateHeadshots.asked("person", TWO))
            .getMessage());
  }

  @Test
  void refusesNobodyAndWhatIsNoPattern() {
    assertEquals(
        "there is nobody to draw; give 1 or more PEOPLE",
        assertThrows(InvalidInputException.class, () -> EvaluateHeadshots.asked(".*", List.of()))
            .getMessage());
    assertTrue(
        assertThrows(InvalidInputException.class, () -> EvaluateHeadshots.asked("person (", TWO))
            .getMessage()
            .startsWith("parts=person ( is no regular expression: "));
  }

  @Test
  void saysHowSureTheGainIs() {
    Map<String, Object> means = EvaluateHeadshots.summary(Map.of(
        "of",
        Map.of("model", "m"),
        "person 1",
        Map.of(HeadshotTrial.GAIN, 0.01, "read back", 0.8),
        "person 2",
        Map.of(HeadshotTrial.GAIN, 0.03, "read back", 1.0)));
    assertEquals(0.02, (double) means.get(HeadshotTrial.GAIN), 1e-12);
    assertEquals(0.9, (double) means.get("read back"), 1e-12);
    // Drawn anew, two people are the same one twice in a quarter of the cases each.
    assertEquals("0.010 to 0.030", means.get("gain, 95 % interval"));
  }
}
