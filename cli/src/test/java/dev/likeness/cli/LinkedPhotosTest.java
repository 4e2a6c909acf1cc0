package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No output replaces a file that a folder of photos links to, or a caption beside a photo. */
class LinkedPhotosTest {
  @TempDir
  private Path folder;

  private Path elsewhere;
  private Path photos;

  @BeforeEach
  void write() throws IOException {
    elsewhere = Files.writeString(
        Files.createDirectory(folder.resolve("real")).resolve("pic.jpg"), "a photo");
    photos = Files.createDirectory(folder.resolve("photos"));
    Files.writeString(photos.resolve("ada.jpg"), "another photo");
  }

  private void assertKept(Path file, String expected, String... line) throws IOException {
    byte[] before = Files.readAllBytes(file);
    CommandResult run = CommandResult.of(line);
    assertEquals(2, run.status(), run.err());
    assertEquals(List.of(expected), run.errorLines());
    assertArrayEquals(before, Files.readAllBytes(file));
  }

  @Test
  void keepsWhatALinkInAFolderLeadsTo() throws IOException {
    Files.createSymbolicLink(photos.resolve("link.jpg"), Path.of("..", "real", "pic.jpg"));
    assertKept(
        elsewhere,
        "--sheet " + elsewhere + " is a file in the folder of PHOTO|DIR " + photos
            + ", which the command reads; give another --sheet",
        "photos",
        photos.toString(),
        "--sheet",
        elsewhere.toString(),
        "--overwrite");
  }

  @Test
  void keepsHardLinksOfPhotosInAFolder() throws IOException {
    Files.createLink(photos.resolve("hard.jpg"), elsewhere);
    for (String option : List.of("--out", "--plot")) {
      List<String> line = new ArrayList<>(List.of(
          "train",
          "--consent",
          "Ada",
          "--photos",
          photos.toString(),
          "--overwrite",
          option,
          elsewhere.toString()));
      if (!option.equals("--out")) {
        line.addAll(List.of("--out", folder.resolve("ada.safetensors").toString()));
      }
      assertKept(
          elsewhere,
          option + " " + elsewhere + " is a file in the folder of --photos "
              + photos + ", which the command reads; give another " + option
              + "",
          line.toArray(String[]::new));
    }
  }

  @Test
  void keepsTheCaptionOfAPhotoThatIsGivenAsAFile() throws IOException {
    for (String ending : List.of(".txt", ".caption")) {
      Path caption = Files.writeString(photos.resolve("ada" + ending), "a red hat");
      Path photo = photos.resolve("ada.jpg");
      assertKept(
          caption,
          "--out " + caption + " is the caption of --photos " + photo
              + ", which the command reads; give another --out",
          "train",
          "--consent",
          "Ada",
          "--photos",
          photo.toString(),
          "--out",
          caption.toString(),
          "--overwrite");
    }
  }

  @Test
  void keepsWhatABaseLinksTo() throws IOException {
    Path base = Files.createDirectories(folder.resolve("base/unet"));
    Files.createSymbolicLink(base.resolve("model.safetensors"), elsewhere);
    assertKept(
        elsewhere,
        "--tensors " + elsewhere + " is a file in the folder of --base "
            + base.getParent()
            + ", which the command reads; give another --tensors",
        "generate",
        "--prompt",
        "x",
        "--base",
        base.getParent().toString(),
        "--out",
        folder.resolve("out").toString(),
        "--tensors",
        elsewhere.toString(),
        "--overwrite");
  }
}
