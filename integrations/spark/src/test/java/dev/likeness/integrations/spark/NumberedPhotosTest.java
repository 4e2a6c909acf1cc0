package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Photos are counted and measured before one is read, and no message has a name of one. */
class NumberedPhotosTest {
  private static final String NAME = "ada-at-the-beach";

  @TempDir
  private Path folder;

  @BeforeEach
  void watch() {
    WatchedFileSystem.on(event -> {});
  }

  private static SharedFiles files() {
    return new SharedFiles(WatchedFileSystem.addTo(new Configuration()), Set.of("watched", "file"));
  }

  private static String refusal(List<String> uris) {
    return assertThrows(InvalidInputException.class, () -> NumberedPhotos.read(uris, files()))
        .getMessage();
  }

  private String photo(String name, long bytes) throws IOException {
    Path file = folder.resolve(name);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(bytes);
    }
    return WatchedFileSystem.uri(file);
  }

  @Test
  void photosAreCalledByTheirNumbers() throws IOException {
    Path inside = Files.createDirectory(folder.resolve("folder"));
    Files.writeString(inside.resolve(NAME + "-2.jpg"), "second");
    Files.writeString(inside.resolve(NAME + "-1.jpg"), "first");
    Files.writeString(inside.resolve(".hidden"), "hidden");
    Files.writeString(inside.resolve("_SUCCESS"), "done");
    Files.createDirectory(inside.resolve("other"));
    String single = photo(NAME + ".png", 3);
    List<PersonKey.PhotoFile> photos =
        NumberedPhotos.read(List.of(WatchedFileSystem.uri(inside), single), files());
    assertEquals(
        List.of("photo 1", "photo 2", "photo 3"),
        photos.stream().map(PersonKey.PhotoFile::name).toList());
    assertEquals("first", new String(photos.get(0).content()));
    assertEquals(3, photos.get(2).content().length);
  }

  @Test
  void moreThan100PhotosAreRefusedUnread() throws IOException {
    String expected = "the row has more than 100 photos; give 3 to 20 photos of the person";
    String one = photo(NAME, 1);
    assertEquals(expected, refusal(Collections.nCopies(101, one)));
    assertEquals(expected, refusal(Collections.nCopies(1_000_000, "nowhere:///x")));
    Path many = Files.createDirectory(folder.resolve("many"));
    for (int i = 0; i < 101; i++) {
      Files.createFile(many.resolve(NAME + i));
    }
    assertEquals(expected, refusal(List.of(WatchedFileSystem.uri(many))));
    assertEquals(expected, refusal(List.of(one, WatchedFileSystem.uri(many))));
    Files.delete(many.resolve(NAME + 1));
    assertEquals(expected, refusal(List.of(one, WatchedFileSystem.uri(many))));
    assertEquals(List.of(), WatchedFileSystem.OPENED);
  }

  @Test
  void largePhotosAreRefusedUnread() throws IOException {
    String small = photo("small", 5);
    assertEquals(
        "photo 2 has more than 64 MiB; give a smaller file",
        refusal(List.of(small, photo(NAME, NumberedPhotos.MAX_BYTES + 1))));
    String large = photo("large", NumberedPhotos.MAX_BYTES);
    assertEquals(
        "the photos of the row have more than 512 MiB together; give fewer or smaller photos",
        refusal(Collections.nCopies(9, large)));
    assertEquals(List.of(), WatchedFileSystem.OPENED);
  }

  @Test
  void aPhotoThatGrowsWhileItIsReadIsRefused() throws IOException {
    String growing = photo(NAME, 5);
    WatchedFileSystem.on(event -> Files.write(folder.resolve(NAME), new byte[9]));
    assertEquals(
        "photo 1 changed while it was read; run the job again when it is complete",
        refusal(List.of(growing)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://169.254.169.254/latest/meta-data/ada-at-the-beach",
        "ftp://host/ada-at-the-beach",
        "s3a://bucket/ada-at-the-beach.png",
        "hdfs://host/ada-at-the-beach.png",
        "har:///archive.har/ada-at-the-beach.png",
        "HTTP://host/ada-at-the-beach"
      })
  void otherSchemesAreRefused(String uri) {
    assertEquals(
        "entry 1 of the photos has a URI scheme that this job does not allow (allowed: file,"
            + " watched); copy the file, or allow its scheme with the job's schemes",
        refusal(List.of(uri)));
  }

  @ParameterizedTest
  @CsvSource({
    "ada-at-the-beach:1.png, entry 1 of the photos has a URI that cannot be read; give one such as"
        + " hdfs:///folder/file",
    "'', entry 1 of the photos has a URI that cannot be read; give one such as hdfs:///folder/file",
    "file:///nowhere/ada-at-the-beach.png, 'entry 1 of the photos does not exist; correct its URI,"
        + " or copy the file there'"
  })
  void brokenAndMissingUrisAreRefusedWithoutTheirText(String uri, String message) {
    assertEquals(message, refusal(List.of(uri)));
  }

  @Test
  void anErrorOfTheFileSystemIsReportedWithoutThePath() throws IOException {
    String photo = photo(NAME, 5);
    WatchedFileSystem.on(event -> {
      throw new IOException("Permission denied: " + photo);
    });
    IOException failed =
        assertThrows(IOException.class, () -> NumberedPhotos.read(List.of(photo), files()));
    assertEquals(
        "photo 1 cannot be read (IOException); check its permissions and the file system",
        failed.getMessage());
    assertNull(failed.getCause(), "Spark logs the causes too");
  }

  @Test
  void theSchemesOfOutputAndDefaultFileSystemAreAllowed() {
    Configuration configuration = new Configuration();
    configuration.set("fs.defaultFS", "hdfs://host:8020");
    JobSettings plain = JobSettings.on(ModelLocation.of("/model"));
    assertEquals(
        Set.of("hdfs", "s3a"),
        plain
            .orSchemesOf(SharedFiles.schemes(configuration, "s3a://bucket/out"))
            .schemes());
    assertEquals(
        Set.of("hdfs"),
        plain.orSchemesOf(SharedFiles.schemes(configuration, "/out")).schemes());
    assertEquals(
        Set.of("abfs"),
        plain
            .schemes(" ABFS ")
            .device("cpu")
            .dtype("f32")
            .saveInterval(3)
            .orSchemesOf(SharedFiles.schemes(configuration, "/out"))
            .schemes());
  }
}
