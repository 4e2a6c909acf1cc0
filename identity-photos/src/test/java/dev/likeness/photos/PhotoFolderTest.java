package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.material.Material;
import dev.likeness.photos.quality.ReasonCode;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    assertEquals(
        List.of(
            "text beside the photos is not used: all but the first line of \"b.txt\","
                + " \"10_ohwx woman/c.caption\", \"10_ohwx woman/d.txt\","
                + " \"10_ohwx woman/e.txt.txt\"; a caption for a.jpg is one line of text in a.txt"
                + " or a.caption",
            "photos in inner folders are not read: \"notes\"; move them beside the others, or name"
                + " the folder as 10_NAME"),
        PhotoSet.from(folder).notices());
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
    assertEquals(
        List.of("text beside the photos is not used: \"b.txt\"" + EXPECTED),
        PhotoSet.from(folder).notices());
  }

  private static final String EXPECTED =
      "; a caption for a.jpg is one line of text in a.txt or a.caption";

  /** Files beside b.jpg, the caption that it gets, and the files that are not used. */
  static Stream<Arguments> captionFiles() {
    String text = "a woman in a park\n";
    return Stream.of(
        arguments(Map.of("b.TXT", text), text, List.of()),
        arguments(Map.of("b.Txt", text), text, List.of()),
        arguments(Map.of("b.CAPTION", text), text, List.of()),
        arguments(Map.of("b.txt", "", "b.caption", text), text, List.of("b.txt")),
        arguments(Map.of("b.txt", "\n \n", "b.caption", text), text, List.of("b.txt")),
        arguments(Map.of("b.txt", "", "b.Caption", text), text, List.of("b.txt")),
        arguments(Map.of("b.txt", text, "b.TXT", "another"), text, List.of("b.TXT")),
        arguments(Map.of("b.txt", text, "b.caption", "another"), text, List.of("b.caption")),
        arguments(Map.of("b.txt", "\n\n" + text), text, List.of()),
        arguments(Map.of("b.txt", "\uFEFF\r\n" + text), text, List.of()),
        arguments(Map.of("b.txt", "\n\t\n\n" + text + "\n\n"), text, List.of()),
        arguments(Map.of("b.jpg.txt", text), "", List.of("b.jpg.txt")),
        arguments(Map.of("b.json", "{\"caption\": \"x\"}"), "", List.of("b.json")),
        arguments(Map.of("metadata.jsonl", "{}"), "", List.of("metadata.jsonl")),
        arguments(Map.of("metadata.csv", "file_name,text"), "", List.of("metadata.csv")),
        arguments(Map.of("captions.json", "{}"), "", List.of("captions.json")),
        arguments(Map.of("B.txt", text), "", List.of("B.txt")),
        arguments(Map.of("b.tags", text), "", List.of("b.tags")),
        arguments(Map.of("README.md", text), "", List.of("README.md")),
        arguments(Map.of("b.txt", ""), "", List.of("b.txt")),
        arguments(Map.of("b\u001b[31m.txt", text), "", List.of("b\\u001b[31m.txt")),
        arguments(Map.of(".hidden.txt", text, "b.safetensors", "x", "notes", "x"), "", List.of()));
  }

  @ParameterizedTest
  @MethodSource("captionFiles")
  void usesACaptionOrTellsOfIt(Map<String, String> files, String caption, List<String> unused)
      throws IOException {
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue());
    }
    PhotoSet set = PhotoSet.from(folder);
    assertEquals(caption.strip(), set.photos().get(0).caption().orElse(""));
    assertEquals(
        unused.isEmpty()
            ? List.of()
            : List.of("text beside the photos is not used: \"" + String.join("\", \"", unused)
                + "\"" + EXPECTED),
        set.notices());
  }

  @Test
  void namesAtMostFiveFilesOfText() throws IOException {
    for (int i = 0; i < 9; i++) {
      Files.writeString(folder.resolve("x" + i + ".json"), "{}");
    }
    assertEquals(
        List.of("text beside the photos is not used: \"x0.json\", \"x1.json\", \"x2.json\","
            + " \"x3.json\", \"x4.json\" and 4 more" + EXPECTED),
        PhotoSet.from(folder).notices());
  }

  /** {@code ../shared/cases/third/caption-files}. */
  @Test
  void usesOrTellsOfTheCaptionsOfTheCases() throws IOException, InterruptedException {
    Path script = Material.ofCase("third/caption-files/make.sh");
    for (int i = 0; i < 5; i++) {
      Files.copy(outside, elsewhere.resolve("p" + i + ".jpg"));
    }
    Path made = folder.resolve("made");
    assertEquals(
        0,
        new ProcessBuilder("sh", script.toString(), elsewhere.toString(), made.toString())
            .inheritIO()
            .start()
            .waitFor());
    for (String used : List.of("upper", "empty-txt")) {
      assertEquals(
          "a photo of a woman in a park",
          PhotoSet.from(made.resolve(used)).photos().get(0).caption().orElse(""),
          used);
    }
    for (String told : List.of("double p0.jpg.txt", "jsonl metadata.jsonl", "json p0.json")) {
      String[] words = told.split(" ");
      assertEquals(
          List.of("text beside the photos is not used: \"" + words[1] + "\"" + EXPECTED),
          PhotoSet.from(made.resolve(words[0])).notices());
    }
    for (String inner : List.of("nested img/10_ada_woman img", "no-underscore 10ada 10ada")) {
      String[] words = inner.split(" ");
      Path given = made.resolve(words[0]);
      assertEquals(
          given + " contains no photo, but the folder \"" + words[1].replace("ada_", "ada ")
              + "\" in it does; give " + given.resolve(words[2]),
          assertThrows(InvalidInputException.class, () -> PhotoSet.from(given)).getMessage());
    }
  }

  /** Where the only photos lie, and the folder to give. */
  @ParameterizedTest
  @CsvSource({
    "img/10_ada woman, img",
    "10ada, 10ada",
    "photos, photos",
    "set/img/10_ada, set/img",
    "a b/c d, a b/c d",
    "10_x/inner, 10_x/inner"
  })
  void namesTheInnerFolderThatHoldsPhotos(String inner, String given) throws IOException {
    Path place = Files.createDirectories(folder.resolve(inner));
    Files.move(folder.resolve("b.jpg"), place.resolve("b.jpg"));
    Files.createDirectories(folder.resolve("zzz"));
    assertEquals(
        folder + " contains no photo, but the folder \"" + inner + "\" in it does; give "
            + folder.resolve(given),
        refusal());
    assertEquals(
        refusal(),
        assertThrows(InvalidInputException.class, () -> PhotoSet.listFiles(folder))
            .getMessage());
    assertEquals(1, PhotoSet.from(folder.resolve(given)).photos().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1/2/3/4", ".hidden", "empty"})
  void searchesThreeLevelsOfVisibleFolders(String inner) throws IOException {
    Path place = Files.createDirectories(folder.resolve(inner));
    Files.move(
        folder.resolve("b.jpg"),
        inner.equals("empty") ? outside.resolveSibling("c.jpg") : place.resolve("b.jpg"));
    assertEquals(
        folder + " contains no photo; put 3 to 20 JPEG, PNG or WebP photos of the person into this"
            + " folder",
        refusal());
  }

  @ParameterizedTest
  @CsvSource({
    "0_ada, 0, 10_ada",
    "2000_ada, 2000, 10_ada",
    "1001_, 1001, 10_",
    "999999999_a b, 999999999, 10_a b",
    "2024_summer, 2024, 10_summer"
  })
  void refusesRepeatsThatAreNone(String name, int repeats, String advice) throws IOException {
    Path named = Files.createDirectory(folder.resolve(name));
    Files.copy(outside, named.resolve("a.jpg"));
    assertEquals(
        "the name of the folder " + named + " asks for " + repeats
            + " repeats of each photo, expected 1 to 1000; rename the folder, such as to \""
            + advice
            + "\"",
        refusal());
  }

  @Test
  void refusesCaptionsThatAreNoText() throws IOException {
    Path caption = folder.resolve("b.txt");
    Files.write(caption, new byte[] {'a', (byte) 0xff, (byte) 0xfe});
    assertEquals("the caption file " + caption + " is not UTF-8 text; save it as UTF-8", refusal());
    Files.write(caption, new byte[65 << 10]);
    assertEquals(
        "the caption file " + caption + " is longer than 64 KiB; give one line of text", refusal());
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

  @Test
  void refusesMorePhotosThanASetMayHave() throws IOException {
    byte[] photo = Encoded.jpeg(PaintedFace.portrait(200, 150, 90, 70, 60), 0.9f);
    Path many = Files.createDirectory(folder.resolve("many"));
    for (int i = 0; i < 1000; i++) {
      Files.write(many.resolve(i + ".jpg"), photo);
    }
    assertEquals(1000, PhotoSet.from(many).photos().size());
    Path named = Files.createDirectory(many.resolve("10_ada"));
    Files.write(named.resolve("last.jpg"), photo);
    assertEquals(
        many + " contains 1001 photos, expected 3 to 20, and at most 1000; give a folder with the"
            + " photos of the person alone",
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(many)).getMessage());
    assertEquals(
        "1001 photos were given, expected 3 to 20, and at most 1000; leave out photos",
        assertThrows(
                InvalidInputException.class,
                () -> PhotoSet.ofFiles(Collections.nCopies(1001, many.resolve("0.jpg"))))
            .getMessage());
  }

  @Test
  void refusesAFolderOfTooManyFiles() throws IOException {
    Path many = Files.createDirectory(folder.resolve("many"));
    for (int i = 0; i <= 10_000; i++) {
      Files.createFile(many.resolve(i + ".dat"));
    }
    assertEquals(
        many + " contains more than 10000 files; give a folder with the photos of the person alone",
        assertThrows(InvalidInputException.class, () -> PhotoSet.from(many)).getMessage());
  }
}
