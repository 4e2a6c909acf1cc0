package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class PersonWordsTest {
  @Test
  void saysNothingOfWhatIsNotKnown() {
    assertEquals("a person", PersonWords.NONE.phrase());
    assertEquals(
        "an old woman", PersonWords.NONE.with("age", "old").with("sex", "woman").phrase());
  }

  @Test
  void joinsWhatIsKnown() {
    PersonWords words =
        PersonWords.NONE.with("sex", "man").with("skin", "fair skin").with("hair", "short # hair");
    assertEquals("a man with fair skin and short hair", words.phrase());
    assertEquals(
        "a man with fair skin, short red hair and round glasses",
        words
            .with("colour", "red")
            .with("beard", "")
            .with("glasses", "round glasses")
            .phrase());
  }

  @Test
  void findsTheSexBeforeTheHair() {
    assertEquals(
        List.of("sex", "age", "skin", "hair", "colour", "beard", "glasses", "marks"),
        PersonWords.slots().stream().map(PersonWords.Slot::name).toList());
  }

  @Test
  void asksForABeardOnlyWhereOneGrows() {
    PersonWords.Slot beard = PersonWords.slots().get(5);
    assertEquals(
        "true, false",
        PersonWords.NONE.with("sex", "man").admits(beard) + ", "
            + PersonWords.NONE.with("sex", "woman").admits(beard));
  }
}
