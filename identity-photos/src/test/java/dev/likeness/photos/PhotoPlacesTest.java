package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Photos in files and folders, in any mixture. */
class PhotoPlacesTest {
  @TempDir
  private Path folder;

  private Path single;
  private Path inside;
  private Path repeated;

  @BeforeEach
  void write() throws IOException {
    single = photo("a.png");
    inside = photo("more/b.png");
    repeated = photo("more/10_ada/c.png");
    Files.writeString(folder.resolve("a.txt"), "a portrait\n");
    Files.writeString(folder.resolve("ab.txt"), "another portrait");
  }

  private Path photo(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    RgbImage.of(8, 8, new byte[8 * 8 * 3]).writePng(file);
    return file;
  }

  private static List<String> names(PhotoSet set) {
    return set.photos().stream().map(Photo::name).toList();
  }

  @Test
  void keepsTheOrderThatIsGiven() {
    Path more = inside.getParent();
    assertEquals(
        List.of("a.png", "b.png", "10_ada/c.png"), names(PhotoSet.from(List.of(single, more))));
    assertEquals(
        List.of("b.png", "10_ada/c.png", "a.png"), names(PhotoSet.from(List.of(more, single))));
    assertEquals(List.of("a.png"), names(PhotoSet.from(List.of(single))));
    assertEquals(names(PhotoSet.from(more)), names(PhotoSet.from(List.of(more))));
  }

  @Test
  void readsTheCaptionBesideAFile() {
    PhotoSet set = PhotoSet.from(List.of(single, inside));
    assertEquals(Optional.of("a portrait"), set.photos().get(0).caption());
    assertEquals(Optional.empty(), set.photos().get(1).caption());
    assertEquals(List.of(), set.notices());
  }

  @Test
  void countsAFileOnce() {
    PhotoSet set = PhotoSet.from(
        List.of(inside, inside.getParent(), folder.resolve("more/../more/b.png"), repeated));
    assertEquals(List.of("b.png", "10_ada/c.png"), names(set));
    assertEquals(
        List.of(
            inside + " is given twice; it counts once",
            folder.resolve("more/../more/b.png") + " is given twice; it counts once",
            repeated + " is given twice; it counts once"),
        set.notices());
  }

  @Test
  void tellsFilesOfOneNameApart() throws IOException {
    Path other = photo("other/a.png");
    assertEquals(
        List.of(folder.getFileName() + "/a.png", "other/a.png", "b.png"),
        names(PhotoSet.from(List.of(single, other, inside))));
  }

  @Test
  void refusesWhatIsNotThere() {
    Path missing = folder.resolve("missing.jpg");
    assertEquals(
        missing + " does not exist; give photos of the person, or folders with such photos",
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(List.of(single, missing)))
            .getMessage());
    assertEquals(
        "no photo was given; give 3 to 20 photos of the person",
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(List.of()))
            .getMessage());
  }

  @Test
  void rejectsAFileThatIsNoPhotoInTheReview() throws IOException {
    Path text = Files.writeString(folder.resolve("notes.jpg"), "no photo");
    PhotoSet set = PhotoSet.from(List.of(single, text));
    PhotoReview review = assertThrows(NoUsablePhotoException.class, () -> PhotoReview.of(set))
        .review()
        .orElseThrow();
    assertEquals(2, review.photos().size());
    assertEquals("reject", review.photos().get(1).verdict().id());
  }
}
