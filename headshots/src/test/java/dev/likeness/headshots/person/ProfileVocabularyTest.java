package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileVocabularyTest {
  @Test
  void saysNothingOfWhatIsNotKnown() {
    assertEquals("a person", ProfileVocabulary.NONE.phrase());
    assertEquals(
        "an old woman",
        ProfileVocabulary.NONE.with("age", "old").with("sex", "woman").phrase());
  }

  @Test
  void joinsWhatIsKnown() {
    ProfileVocabulary words = ProfileVocabulary.NONE
        .with("sex", "man")
        .with("skin", "fair skin")
        .with("hair", "short # hair");
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
        ProfileVocabulary.slots().stream().map(ProfileVocabulary.Slot::name).toList());
  }

  @Test
  void asksForABeardOnlyWhereOneGrows() {
    ProfileVocabulary.Slot beard = ProfileVocabulary.slots().get(5);
    assertEquals(
        "true, false",
        ProfileVocabulary.NONE.with("sex", "man").admits(beard) + ", "
            + ProfileVocabulary.NONE.with("sex", "woman").admits(beard));
  }
}
