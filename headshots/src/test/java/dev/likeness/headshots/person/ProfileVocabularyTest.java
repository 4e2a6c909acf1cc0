package dev.likeness.headshots.person;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProfileVocabularyTest {
  @Test
  void omitsUnknownAttributes() {
    assertEquals("a person", ProfileVocabulary.EMPTY.phrase());
    assertEquals(
        "an old woman",
        ProfileVocabulary.EMPTY.with("age", "old").with("sex", "woman").phrase());
  }

  @Test
  void joinsKnownAttributes() {
    ProfileVocabulary words = ProfileVocabulary.EMPTY
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
  void neverSaysHairAlone() {
    ProfileVocabulary any = ProfileVocabulary.EMPTY.with("sex", "man").with("hair", "# hair");
    assertEquals("a man", any.phrase());
    assertEquals("a man with dark brown hair", any.with("colour", "dark brown").phrase());
    assertEquals("# hair", ProfileVocabulary.canonicalWords("hair", "Hair"));
    PersonProfile unsure = PersonProfile.UNKNOWN
        .with(new PersonProfile.Trait("hair", "# hair", 0.9, PersonProfile.Trait.Source.PHOTOS))
        .with(new PersonProfile.Trait("colour", "red", 0.3, PersonProfile.Trait.Source.PHOTOS));
    assertEquals("a person", unsure.phrase(), "the colour is not certain enough");
  }

  @Test
  void findsTheSexBeforeTheHair() {
    assertEquals(
        List.of("sex", "age", "skin", "hair", "colour", "beard", "glasses", "marks"),
        ProfileVocabulary.attributes().stream()
            .map(ProfileVocabulary.Attribute::name)
            .toList());
  }

  @Test
  void asksForABeardOnlyWhereOneGrows() {
    ProfileVocabulary.Attribute beard = ProfileVocabulary.attributes().get(5);
    assertEquals(
        "true, false",
        ProfileVocabulary.EMPTY.with("sex", "man").isApplicable(beard) + ", "
            + ProfileVocabulary.EMPTY.with("sex", "woman").isApplicable(beard));
  }
}
