package dev.likeness.studio;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.nio.file.Files;
import java.nio.file.Path;

/** A studio in a process of its own, which a test kills. */
final class StudioProcess {
  private StudioProcess() {}

  /** Serves the store of a folder and prints the address, until the process is killed. */
  public static void main(String[] args) throws InterruptedException {
    Path folder = Path.of(args[0]);
    Path file = folder.resolve("store.key");
    WrappingKey key = Files.exists(file) ? WrappingKey.ofFile(file) : WrappingKey.createFile(file);
    try (SubjectStore store = SubjectStore.open(folder.resolve("store"), key);
        LikenessStudio studio = LikenessStudio.start(
            () -> BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32")),
            store,
            StudioOptions.defaults().trainingSteps(40).samplePhotos(photo -> true))) {
      System.out.println(studio.address());
      Thread.currentThread().join();
    }
  }
}
