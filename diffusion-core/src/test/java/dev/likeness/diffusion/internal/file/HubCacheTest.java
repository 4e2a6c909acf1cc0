package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.model.ModelFolder;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A repository as huggingface_hub keeps it: blobs under the names of their hashes, and links to
 * them by snapshot.
 */
class HubCacheTest {
  private static final String REVISION = "0123456789abcdef0123456789abcdef01234567";

  @TempDir
  private Path folder;

  private Path cache;
  private Path plain;

  @BeforeEach
  void createCache() throws IOException {
    plain = GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder).path();
    cache = folder.resolve("models--someone--tiny");
    Files.createDirectories(cache.resolve("blobs"));
    try (Stream<Path> files = Files.walk(plain)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        link(plain.relativize(file), Files.readAllBytes(file));
      }
    }
    Files.createDirectories(cache.resolve("refs"));
    Files.writeString(cache.resolve("refs/main"), REVISION);
  }

  private void link(Path name, byte[] content) throws IOException {
    String hash = String.format(Locale.ROOT, "%040x", name.toString().hashCode() & 0xffffffffL);
    Files.write(cache.resolve("blobs").resolve(hash), content);
    Path link = cache.resolve("snapshots").resolve(REVISION).resolve(name);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(
        link, link.getParent().relativize(cache.resolve("blobs").resolve(hash)));
  }

  @Test
  void opensTheSnapshotThatMainNames() throws IOException {
    Files.createDirectories(cache.resolve("snapshots/another"));
    ImageRequest request = ImageRequest.of("a cat").steps(1).size(16, 16);
    try (BaseModel cached = BaseModel.open(cache, Compute.EXACT);
        BaseModel own = BaseModel.open(plain, Compute.EXACT)) {
      assertEquals(own.generate(request).image(), cached.generate(request).image());
      assertEquals("models--someone--tiny", cached.name());
    }
    ModelFolder opened = ModelFolder.open(snapshot());
    assertEquals(snapshot(), opened.root());
    assertEquals("models--someone--tiny", opened.name());
  }

  @Test
  void takesTheOnlySnapshotWithoutARef() throws IOException {
    Files.delete(cache.resolve("refs/main"));
    assertEquals(snapshot(), ModelFolder.open(cache).root());
    Files.createDirectories(cache.resolve("snapshots/another"));
    assertRefused(cache + " contains 2 snapshots and no refs/main; give the folder of one snapshot"
        + " in " + cache.resolve("snapshots"));
    Files.move(cache.resolve("snapshots"), cache.resolve("moved"));
    Files.createDirectories(cache.resolve("snapshots"));
    assertRefused(cache + " contains 0 snapshots and no refs/main; download the model again");
  }

  @Test
  void refusesARefThatIsNoPlainName() throws IOException {
    Path main = cache.resolve("refs/main");
    Files.writeString(main, "../../elsewhere");
    assertRefused(main
        + " names the file \"../../elsewhere\"; expected a plain name of letters, digits, '.', '_' and '-' in"
        + " the same folder");
    Files.writeString(main, "gone");
    assertRefused(main + " names gone, which is not in " + cache.resolve("snapshots")
        + "; download the missing file");
    Files.writeString(main, "x".repeat(101));
    assertRefused(main + " is too long to name a snapshot; download the model again");
  }

  @Test
  void refusesALinkOutOfTheRepository() throws IOException {
    Path weights = snapshot().resolve("unet/diffusion_pytorch_model.safetensors");
    Files.delete(weights);
    Files.createSymbolicLink(weights, plain.resolve("unet/diffusion_pytorch_model.safetensors"));
    String message = assertThrows(
            InvalidInputException.class, () -> BaseModel.open(cache, Compute.EXACT))
        .getMessage();
    assertEquals(
        weights + " links to \"" + plain.resolve("unet/diffusion_pytorch_model.safetensors")
            + "\", which is not a blob of the same Hugging Face repository or of the shared store of"
            + " its cache; replace the link by a copy of \""
            + plain.resolve("unet/diffusion_pytorch_model.safetensors") + "\"",
        message);
  }

  @Test
  void namesWhatADownloadLeftOut() throws IOException {
    Files.delete(snapshot().resolve("vae/diffusion_pytorch_model.safetensors"));
    String message = assertThrows(
            InvalidInputException.class, () -> BaseModel.open(cache, Compute.EXACT))
        .getMessage();
    assertTrue(
        message.startsWith(snapshot().resolve("vae") + " has no weights; expected"), message);
    assertEquals(
        List.of("text_encoder", "unet", "vae"),
        List.copyOf(ModelFolder.open(cache).componentNames()));
  }

  private Path snapshot() {
    return cache.resolve("snapshots").resolve(REVISION);
  }

  private void assertRefused(String message) {
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> ModelFolder.open(cache)).getMessage());
  }
}
