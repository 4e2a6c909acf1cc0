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
          "cannot be read: it is a link or no regular file; copy the photo itself into the folder",
          review.photos().get(link).reasons().get(0).message());
    }
    assertEquals(List.of(folder.resolve("b.jpg")), PhotoSet.listFiles(folder));
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
            + " the person in it",
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
      return none.review();
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
