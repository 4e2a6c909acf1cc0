package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.quality.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Reviews of sets that show several people. */
class MixedReviewTest {
  private static List<String> accepted(PhotoReview review) {
    return review.accepted().stream().map(AcceptedPhoto::name).toList();
  }

  @Test
  void anAmbiguousReviewIsRefusedUntilAPersonIsChosen() {
    try (ReviewTools tools = MixedPhotos.tools()) {
      PhotoReview mixed =
          PhotoReview.of(PhotoSet.of(MixedPhotos.set(3, 3)), tools, MixedPhotos.OPTIONS);

      assertTrue(mixed.isPersonUnclear() && mixed.isIdentityCompared());
      assertEquals(0, mixed.set().readiness());
      assertEquals(
          "the photos seem to show several people; choose the wanted person",
          mixed.set().advice().get(0));
      assertEquals(List.of(3, 3), mixed.groups().stream().map(List::size).toList());
      InvalidInputException refusal =
          assertThrows(InvalidInputException.class, mixed::requireOnePerson);
      assertEquals(
          "the photos seem to show 2 people (1: person0-0.png, person0-1.png, person0-2.png;"
              + " 2: person1-3.png, person1-4.png, person1-5.png); give a photo of the wanted"
              + " person: --who FILE, or PhotoReview.withPersonIn in Java",
          refusal.getMessage());

      List<String> second = List.of("person1-3.png", "person1-4.png", "person1-5.png");
      PhotoReview chosen = mixed.withPerson(mixed.groups().get(1).get(0));
      assertSame(chosen, chosen.requireOnePerson());
      assertFalse(chosen.isPersonUnclear());
      assertEquals(second, accepted(chosen));
      assertTrue(chosen.set().readiness() > 0);
      assertEquals(Verdict.REJECT, chosen.photos().get(0).verdict());
      assertEquals(second, accepted(mixed.withPerson("person1-4.png")));
      assertEquals(second, accepted(mixed.withPersonIn(MixedPhotos.photo(1, 99), tools)));
      assertEquals(
          second, accepted(chosen.withPerson("person0-0.png").withPerson("person1-3.png")));
    }
  }

  @Test
  void theJsonHasTheGroups() {
    try (ReviewTools tools = MixedPhotos.tools()) {
      String json = PhotoReview.of(
              PhotoSet.of(MixedPhotos.set(2, 1, 1)), tools, MixedPhotos.OPTIONS)
          .toJson();

      for (int group : new int[] {1, 1, 2, 3}) {
        int at = json.indexOf("\"group\":" + group);
        assertTrue(at > 0, json);
        json = json.substring(at + 1);
      }
      assertTrue(
          json.contains("\"identityCompared\":true,\"groups\":3,\"personUnclear\":true,"
              + "\"comparedBy\":\"corner\""),
          json);
    }
  }

  @Test
  void aClearSetCanStillBeReviewedForTheOtherPerson() {
    try (ReviewTools tools = MixedPhotos.tools()) {
      PhotoReview clear =
          PhotoReview.of(PhotoSet.of(MixedPhotos.set(4, 1)), tools, MixedPhotos.OPTIONS);

      assertEquals(4, clear.requireOnePerson().accepted().size());
      assertEquals(List.of("person1-4.png"), accepted(clear.withPerson("person1-4.png")));
    }
  }

  @Test
  void refusesPhotosThatDoNotTellThePerson() {
    try (ReviewTools tools = MixedPhotos.tools()) {
      PhotoReview mixed =
          PhotoReview.of(PhotoSet.of(MixedPhotos.set(2, 2)), tools, MixedPhotos.OPTIONS);

      assertEquals(
          "no photo of the set shows the person in person7-9.png; give a clear, frontal photo of one of"
              + " the people in the set",
          refusal(() -> mixed.withPersonIn(MixedPhotos.photo(7, 9), tools)));
      assertEquals(
          "person255-0.png shows no face; give a clear, frontal photo of the wanted person",
          refusal(() -> mixed.withPersonIn(MixedPhotos.photo(MixedPhotos.WALL, 0), tools)));
      assertTrue(refusal(() -> mixed.withPersonIn(Photo.of("text.png", new byte[9]), tools))
          .contains("text.png is not an image file"));
      assertEquals(
          "the set has no usable photo \"nobody.png\"; give the name of a usable photo of the"
              + " person",
          refusal(() -> mixed.withPerson("nobody.png")));
    }
  }

  private static String refusal(Runnable work) {
    return assertThrows(InvalidInputException.class, work::run).getMessage();
  }

  @Test
  void saysWithoutAnEmbedderThatIdentityWasNotCompared() {
    List<Photo> photos =
        IntStream.range(0, 2).mapToObj(i -> MixedPhotos.photo(i, i)).toList();
    try (ReviewTools tools = ReviewTools.of(new MixedPhotos.FixedDetector())) {
      PhotoReview review = PhotoReview.of(PhotoSet.of(photos), tools, MixedPhotos.OPTIONS);

      assertFalse(review.isIdentityCompared() || review.isPersonUnclear());
      assertEquals(List.of(), review.groups());
      assertEquals(
          List.of("the faces in the photos were not compared; give a face embedder to find photos"
              + " that show other people"),
          review.set().toolAdvice());
      assertTrue(
          review.toJson().contains("\"identityCompared\":false,\"groups\":null"), review.toJson());
      assertEquals(Optional.empty(), review.comparedBy());
      assertTrue(review.toJson().contains("\"comparedBy\":null"), review.toJson());
      assertEquals(
          "the photos were not compared by person, as no face embedder was given; review the"
              + " photos with a face embedder",
          refusal(() -> review.withPerson("person0-0.png")));
    }
  }
}
