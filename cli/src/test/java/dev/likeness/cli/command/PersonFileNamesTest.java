package dev.likeness.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PersonFileNamesTest {
  @TempDir
  private Path folder;

  @Test
  void namesTheMethodOfANewFile() {
    assertEquals(folder.resolve("person-ipadapter.safetensors"), ShootFolder.ipAdapterFile(folder));
    assertEquals(
        folder.resolve("person-references.safetensors"), ShootFolder.referencesFile(folder));
  }

  @Test
  void findsFilesThatEarlierVersionsNamed() throws IOException {
    Path shown = Files.createFile(folder.resolve("shown.safetensors"));
    assertEquals(shown, ShootFolder.ipAdapterFile(folder));
    Path reference = Files.createFile(folder.resolve("reference.safetensors"));
    assertEquals(reference, ShootFolder.ipAdapterFile(folder), "the later of the two names");
    assertEquals(
        folder.resolve("person-references.safetensors"), ShootFolder.referencesFile(folder));
    Path references = Files.createFile(folder.resolve("references.safetensors"));
    assertEquals(references, ShootFolder.referencesFile(folder));
  }

  @Test
  void prefersTheNewNameToFormerOnes() throws IOException {
    for (String former : new String[] {"shown", "reference", "references"}) {
      Files.createFile(folder.resolve(former + ".safetensors"));
    }
    Path encoded = Files.createFile(folder.resolve("person-ipadapter.safetensors"));
    Path images = Files.createFile(folder.resolve("person-references.safetensors"));
    assertEquals(encoded, ShootFolder.ipAdapterFile(folder));
    assertEquals(images, ShootFolder.referencesFile(folder));
  }
}
