package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Refuses a value of --person that is no file of a person, by what it is. */
final class PersonFile {
  private static final int BEGINNING = 16;
  private static final String EXPECTED =
      "give a file that headshot or train wrote, such as person.safetensors";

  private PersonFile() {}

  static void require(Path person) {
    if (Files.isDirectory(person)) {
      // Diffusers and PEFT publish a LoRA as a folder, which may be a person's too.
      if (Files.exists(person.resolve(ShootFolder.PERSON))) {
        throw new InvalidInputException("--person " + person + " is a folder; give the file "
            + person.resolve(ShootFolder.PERSON));
      }
      return;
    }
    if (!Files.exists(person)) {
      throw new InvalidInputException(
          "--person " + person + " does not exist; " + similar(person) + EXPECTED);
    }
    if (isImage(person)) {
      throw new InvalidInputException("--person " + person + " is an image, not a person's file; "
          + EXPECTED + ", or photos with --photos");
    }
  }

  private static String similar(Path person) {
    Path folder = person.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return "";
    }
    try (Stream<Path> inside = Files.list(folder)) {
      List<String> names = inside
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".safetensors"))
          .sorted()
          .toList();
      String closest = ModelPlaces.closest(person.getFileName().toString(), names.stream());
      return closest.isEmpty() ? "" : closest + "; ";
    } catch (IOException | UncheckedIOException e) {
      return "";
    }
  }

  private static boolean isImage(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return Files.isRegularFile(file) && ImageFile.isImage(in.readNBytes(BEGINNING));
    } catch (IOException e) {
      return false; // Reported when it is opened.
    }
  }
}
