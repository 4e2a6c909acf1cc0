package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.quality.ReasonCode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Only regular files of a folder are photos of it. */
class PhotoFolderTest {
  @TempDir
  private Path folder;

  @TempDir
  private Path elsewhere;

  private Path outside;

  @BeforeEach
  void writePhoto() throws IOException {
    Assumptions.assumeTrue(
        FileSystems.getDefault().supportedFileAttributeViews().contains("posix"),
        "skipped: no links here");
    byte[] photo = Encoded.jpeg(PaintedFace.portrait(200, 150, 90, 70, 60), 0.9f);
    outside = Files.write(elsewhere.resolve("outside.jpg"), photo);
    Files.write(folder.resolve("b.jpg"), photo);
  }

  @Test
  void linksAreRejectedAndNotRead() throws IOException {
    Files.createSymbolicLink(folder.resolve("a.jpg"), outside);
    Files.createSymbolicLink(folder.resolve("c.png"), elsewhere.resolve("missing"));
    Files.createSymbolicLink(folder.resolve("unnamed"), outside);
    Files.createSymbolicLink(folder.resolve("d.jpg"), elsewhere);

    PhotoReview review = review();

    assertEquals(
        List.of("a.jpg", "b.jpg", "c.png", "d.jpg"),
        review.photos().stream().map(PhotoVerdict::name).toList());
    for (int link : new int[] {0, 2, 3}) {
      assertEquals(
          ReasonCode.BROKEN_FILE, review.photos().get(link).reasons().get(0).code());
      assertEquals(
          "cannot be read: the file is a link or another special file; replace the file by a copy"
              + " of the photo",
          review.photos().get(link).reasons().get(0).message());
    }
    assertEquals(List.of(folder.resolve("b.jpg")), PhotoSet.listFiles(folder));
  }

  /** kohya's way: repeats and a name in the folder's name, captions beside the photos. */
  @Test
  void readsCaptionsAndRepeatsBesidePhotos() throws IOException {
    Files.writeString(folder.resolve("b.txt"), "\uFEFF  a woman in a red dress \nsecond line\n");
    Path named = Files.createDirectory(folder.resolve("10_ohwx woman"));
    for (String name : List.of("a.jpg", "c.jpeg", "d.jpg", "e.jpg")) {
      Files.copy(outside, named.resolve(name));
    }
    Files.writeString(
        named.resolve("a.caption"), "Ohwx Woman smiling, no ohwx womanhood\u001b[31m");
    Files.writeString(named.resolve("c.caption"), "of the .caption");
    Files.writeString(named.resolve("c.txt"), "of the .txt");
    Files.writeString(named.resolve("d.txt"), " \n");
    Files.writeString(named.resolve("e.txt.txt"), "of another photo");
    Files.createDirectory(folder.resolve("notes"));
    Files.copy(outside, folder.resolve("notes").resolve("z.jpg"));
    List<Photo> photos = PhotoSet.from(folder).photos();
    assertEquals(
        List.of(
            "b.jpg x1 a woman in a red dress",
            "10_ohwx woman/a.jpg x10 %s smiling, no ohwx womanhood [31m",
            "10_ohwx woman/c.jpeg x10 of the .txt",
            "10_ohwx woman/d.jpg x10 -",
            "10_ohwx woman/e.jpg x10 -"),
        photos.stream()
            .map(photo ->
                photo.name() + " x" + photo.repeats() + " " + photo.caption().orElse("-"))
            .toList());
    assertEquals(5, PhotoSet.listFiles(folder).size(), "all need consent");
  }

  @Test
  void foldersAndCaptionsBehindLinksAreNotRead() throws IOException {
    Path away = Files.createDirectory(elsewhere.resolve("5_ada"));
    Files.copy(outside, away.resolve("a.jpg"));
    Files.createSymbolicLink(folder.resolve("5_ada"), away);
    Path secret = Files.writeString(elsewhere.resolve("secret"), "a secret");
    Files.createSymbolicLink(folder.resolve("b.txt"), secret);
    List<Photo> photos = PhotoSet.from(folder).photos();
    assertEquals(1, photos.size());
    assertTrue(photos.get(0).caption().isEmpty());
  }

  @Test
  void refusesCaptionsThatAreNoTextAndRepeatsThatAreNone() throws IOException {
    Path caption = folder.resolve("b.txt");
    Files.write(caption, new byte[] {'a', (byte) 0xff, (byte) 0xfe});
    assertEquals("the caption file " + caption + " is not UTF-8 text; save it as UTF-8", refusal());
    Files.write(caption, new byte[65 << 10]);
    assertEquals(
        "the caption file " + caption + " is longer than 64 KiB; give one line of text", refusal());
    Files.delete(caption);
    Path named = Files.createDirectory(folder.resolve("0_ada"));
    Files.copy(outside, named.resolve("a.jpg"));
    assertEquals(
        "the folder " + named
            + " needs a name such as 10_ada: the repeats of 0_ada/a.jpg must be in 1..1000, got 0",
        refusal());
  }

  private String refusal() {
    return assertThrows(InvalidInputException.class, () -> PhotoSet.from(folder))
        .getMessage();
  }

  @Test
  void pipesAreRejectedInsteadOfAwaited() throws IOException, InterruptedException {
    makePipe(folder.resolve("a.jpg"));
    makePipe(folder.resolve("unnamed"));
    PhotoReview review = assertTimeoutPreemptively(Duration.ofSeconds(120), () -> review());
    assertEquals(2, review.photos().size());
    assertEquals(ReasonCode.BROKEN_FILE, review.photos().get(0).reasons().get(0).code());
  }

  @Test
  void aPipeThatIsGivenAsAPhotoIsRejected() throws IOException, InterruptedException {
    Path pipe = folder.resolve("a.jpg");
    makePipe(pipe);
    PhotoReview review = assertTimeoutPreemptively(
        Duration.ofSeconds(120), () -> review(PhotoSet.of(List.of(Photo.of(pipe)))));
    assertEquals(
        "cannot be read: it is not a regular file; give an image file",
        review.photos().get(0).reasons().get(0).message());
  }

  @Test
  void aFolderOfLinksContainsNoPhoto() throws IOException {
    Files.delete(folder.resolve("b.jpg"));
    Files.createSymbolicLink(folder.resolve("a.jpg"), outside);
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(folder));
    assertEquals(
        folder + " contains no photo, only links or pipes; put 3 to 20 JPEG, PNG or WebP photos of"
            + " the person into this folder",
        refusal.getMessage());
  }

  private PhotoReview review() {
    return review(PhotoSet.from(folder));
  }

  private static PhotoReview review(PhotoSet photos) {
    try {
      return PhotoReview.of(
          photos, new WholeImageDetector(), ReviewOptions.defaults().withThreads(1));
    } catch (NoUsablePhotoException none) {
      return none.review().orElseThrow();
    }
  }

  private static void makePipe(Path pipe) throws IOException, InterruptedException {
    boolean made;
    try {
      made = new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0;
    } catch (IOException noSuchProgram) {
      made = false;
    }
    Assumptions.assumeTrue(made, "skipped: mkfifo is not installed");
    assertTrue(Files.exists(pipe));
  }
}
