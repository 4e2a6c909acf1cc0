package dev.likeness.headshots.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.lora.training.AspectBuckets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.MixedPhotos;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class PersonStudyTest {
  private static final List<String> OWN = List.of("selfie of %s", "photo of %s");

  @Test
  void captionsWithAndWithoutTheDescription() {
    PersonProfile profile =
        PersonProfile.UNKNOWN.withCorrection("sex", "woman").withCorrection("hair", "short hair");
    assertEquals(
        List.of("selfie of %s", "selfie of a woman", "photo of %s", "photo of a woman"),
        study(profile, new PersonToken("", profile.phrase(), "")).captions(OWN));
    assertEquals(
        "selfie of a person",
        study(PersonProfile.UNKNOWN, new PersonToken("", "a person", ""))
            .captions(OWN)
            .get(1));
  }

  @Test
  void captionsARareTokenOnce() {
    assertEquals(OWN, study(PersonProfile.UNKNOWN, PersonToken.of("woman")).captions(OWN));
  }

  @Test
  void putsThePersonIntoCaptionsThatLackIt() {
    PersonToken sks = PersonToken.of("woman");
    assertEquals("a %s in red", PersonStudy.withPerson("a woman in red", sks, "woman"));
    assertEquals("%s, 1girl, red dress", PersonStudy.withPerson("1girl, red dress", sks, "woman"));
    assertEquals("a %s, smiling", PersonStudy.withPerson("a Sks Woman, smiling", sks, "woman"));
    assertEquals("sks at work", PersonStudy.withPerson("sks at work", sks, "woman"));
    assertEquals("%s at work", PersonStudy.withPerson("%s at work", sks, "woman"));
    assertEquals("%s, sksy womanly", PersonStudy.withPerson("sksy womanly", sks, "woman"));
    PersonToken words = new PersonToken("", "a person with short hair", "");
    assertEquals("%s, by the sea", PersonStudy.withPerson("by the sea", words, "person"));
  }

  @Test
  void saysWhereThePersonWasPutIn() {
    Photo file = Photo.of("a.jpg", new byte[1]);
    List<AcceptedPhoto> photos = List.of(
        photo("a.jpg", 90).withCaptionOf(file.caption("sks woman by the sea")),
        photo("b.jpg", 90).withCaptionOf(file.caption("red dress")),
        photo("c.jpg", 90));
    PersonStudy study = new PersonStudy(
        photos, List.of(), List.of(), PersonProfile.UNKNOWN, PersonToken.of("woman"));
    List<ProgressEvent> events = new ArrayList<>();
    assertEquals(
        List.of(Optional.of("%s by the sea"), Optional.of("%s, red dress"), Optional.empty()),
        study.ownCaptions(events::add));
    assertEquals(
        List.of(new ProgressEvent.Notice(
            "the captions of 2 of 3 photos are used; 1 of them did not name the person, so"
                + " \"sks woman\" was inserted, for example \"sks woman, red dress\"")),
        events);
  }

  @Test
  void excludesAndReportsHeadsTooSmallForTraining() {
    AcceptedPhoto near = photo("near.jpg", 200);
    AcceptedPhoto far = photo("far.jpg", 45);
    List<ProgressEvent> events = new ArrayList<>();
    assertEquals(List.of(near), PersonStudy.selectLarge(List.of(far, near), 1024, events::add));
    assertEquals(
        List.of(new ProgressEvent.Notice(
            "far.jpg: the head is too small for a base of 1024 pixels; the photo is not used")),
        events);
    assertEquals(
        List.of(far, near), PersonStudy.selectLarge(List.of(far, near), 128, Progress.SILENT));
    InvalidInputException none = assertThrows(
        InvalidInputException.class,
        () -> PersonStudy.selectLarge(List.of(far), 1024, Progress.SILENT));
    assertTrue(
        none.getMessage()
            .startsWith(
                "the head is too small in every accepted photo (photos: 1): for images of 1024"
                    + " pixels"),
        none.getMessage());
  }

  /** The photos are refused before anything of the base is used. */
  @Test
  void refusesPhotosOfSeveralPeopleUntilOneIsChosen() {
    PhotoReview mixed = MixedPhotos.review(2, 2);

    for (Executable study : List.<Executable>of(
        () -> PersonStudy.ofLarge(null, 64, mixed, PersonProfile.UNKNOWN, Run.silent()),
        () -> PersonStudy.ofAll(null, mixed, PersonProfile.UNKNOWN, Run.silent()))) {
      String refusal = assertThrows(InvalidInputException.class, study).getMessage();
      assertTrue(refusal.startsWith("the photos seem to show 2 people (1: person0-0.png"), refusal);
    }
  }

  @Test
  void trainsOnWholePhotosInBuckets() {
    Photo file = Photo.of("a.jpg", new byte[1]);
    List<AcceptedPhoto> photos = List.of(
        photo("wide.jpg", 1700, 600, 90)
            .withCaptionOf(file.caption("%s by the sea").repeats(2)),
        photo("square.jpg", 800, 800, 90).withCaptionOf(file.repeats(6)));
    List<SceneWords> scenes = List.of(
        SceneWords.EMPTY, new SceneWords(Map.of("outfit", "a # hoodie", "outfit colour", "red")));
    List<List<TrainingExample>> examples = PersonStudy.wholePhotos(
        AspectBuckets.of(128),
        photos,
        scenes,
        List.of(Optional.of("%s by the sea"), Optional.empty()),
        List.of("photo of %s", "photo of a woman"));
    assertEquals(
        "photos by the size of their bucket: 128x128 (1), 192x64 (1)", PersonStudy.sizes(examples));
    assertEquals(List.of(1, 3), examples.stream().map(List::size).toList());
    assertEquals(
        List.of(
            "%s by the sea",
            "photo of a woman, wearing a red hoodie",
            "photo of %s, wearing a red hoodie",
            "photo of a woman, wearing a red hoodie"),
        examples.stream()
            .flatMap(List::stream)
            .map(each -> each.caption().orElseThrow())
            .toList());
    assertTrue(
        examples.stream().flatMap(List::stream).allMatch(each -> each.mask().isEmpty()));
    assertEquals(
        "wide.jpg: an image of 1700x600 pixels has a side below the step of 768 pixels of the"
            + " buckets, and is not enlarged; leave it out, or use a smaller step",
        assertThrows(
                InvalidInputException.class,
                () -> PersonStudy.wholePhotos(
                    AspectBuckets.of(1024).step(768).noUpscale(true),
                    photos,
                    scenes,
                    List.of(Optional.empty(), Optional.empty()),
                    OWN))
            .getMessage());
  }

  private static AcceptedPhoto photo(String name, int face) {
    return photo(name, 800, 800, face);
  }

  private static AcceptedPhoto photo(String name, int width, int height, int face) {
    Face.Eyes eyes = new Face.Eyes(
        new Point(320 + face * 0.3, 320 + face * 0.4),
        new Point(320 + face * 0.7, 320 + face * 0.4));
    return AcceptedPhoto.of(
        name,
        RgbImage.of(width, height, new byte[3 * width * height]),
        new Face(
            new BoundingBox(320, 320, face, face),
            1,
            HeadPose.FRONTAL,
            Optional.of(eyes),
            Optional.empty()));
  }

  private static PersonStudy study(PersonProfile profile, PersonToken subject) {
    return new PersonStudy(List.of(), List.of(), List.of(), profile, subject);
  }
}
