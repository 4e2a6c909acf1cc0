package dev.likeness.provenance.c2pa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.fuzz.ForkedFuzz;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.material.Material;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Signed files that were changed at random, by a fixed seed: each is judged or refused. */
class ManifestFuzzTest {
  private static final byte[][] NUMBERS = {
    {0, 0, 0, 0},
    {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {0x1b, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {0x1b, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {0x3b, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {(byte) 0x9f, (byte) 0xbf, 0x5f, 0x7f},
    {(byte) 0x9a, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {(byte) 0xba, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {(byte) 0xf7, (byte) 0xf8, (byte) 0xfb},
    {0x30, (byte) 0x80, 0x30, (byte) 0x80},
    {0x1b, ']', '0', ';', 7, '\n', '"', '\\'}
  };

  @Test
  void judgesOrRefusesSomeChangedFiles() throws IOException, InterruptedException {
    ForkedFuzz.run(Manifests.class, 0, 200, 0.2, 0.02);
  }

  @Tag("slow")
  @Test
  void judgesOrRefusesManyChangedFiles() throws IOException, InterruptedException {
    ForkedFuzz.run(Manifests.class, 200, 2200, 0.2, 0.02);
  }

  /** A changed signed file, for each seed. */
  static final class Manifests implements ForkedFuzz.Cases {
    private List<byte[]> seeds;

    @Override
    public void open(Path folder) throws IOException {
      seeds = seeds();
    }

    @Override
    public boolean used(int seed) {
      return judges(changed(seeds.get(seed % seeds.size()), ForkedFuzz.random(seed)));
    }
  }

  // Any other exception or error fails the test.
  private static boolean judges(byte[] file) {
    try {
      Provenance found = Provenance.inspect("the image", file, TrustAnchors.NONE);
      int lines = 5
          + (found.manifest().isPresent() ? 2 : 0)
          + (found.manifest().flatMap(ManifestReport::signer).isPresent() ? 1 : 0)
          + (found.remoteManifest().isPresent() ? 1 : 0);
      String text = found.toString();
      assertEquals(lines - 1, text.lines().count(), text);
      assertEquals(
          0,
          text.codePoints().filter(c -> c != '\n' && Character.isISOControl(c)).count());
      found.toJson();
      return true;
    } catch (InvalidInputException refused) {
      assertEquals(1, refused.getMessage().lines().count());
      return false;
    }
  }

  private static List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    for (ImageFormat format : ImageFormat.values()) {
      seeds.add(Disclosure.standard().encode(RgbImage.of(16, 16, new byte[16 * 16 * 3]), format));
    }
    seeds.add(new ForgedManifest().before(new ForgedManifest().manifest()).png());
    for (String name : List.of("C.jpg", "CACA.jpg", "update_manifest.jpg", "boxhash.jpg")) {
      Optional<Path> real = Material.find("c2pa/" + name);
      if (real.isPresent()) {
        seeds.add(Files.readAllBytes(real.get()));
      }
    }
    return seeds;
  }

  private static byte[] changed(byte[] seed, Random random) {
    byte[] file = seed.clone();
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      ImageFile.Part manifest = manifest(file);
      int at = manifest.start() + random.nextInt(Math.max(1, manifest.end() - manifest.start()));
      switch (random.nextInt(5)) {
        case 0 -> file[at] = (byte) random.nextInt(256);
        case 1 -> write(file, at, NUMBERS[random.nextInt(NUMBERS.length)]);
        case 2 -> {
          int from = random.nextInt(file.length);
          int length = Math.min(random.nextInt(200), file.length - Math.max(from, at));
          System.arraycopy(seed, Math.min(from, seed.length - length), file, at, length);
        }
        case 3 -> file[random.nextInt(file.length)] ^= (byte) (1 << random.nextInt(8));
        default -> file = java.util.Arrays.copyOf(file, Math.max(64, at));
      }
    }
    return file;
  }

  private static ImageFile.Part manifest(byte[] file) {
    try {
      return ImageFile.of(file)
          .flatMap(ImageFile::manifestPart)
          .orElse(new ImageFile.Part("", 0, file.length));
    } catch (InvalidInputException broken) {
      return new ImageFile.Part("", 0, file.length);
    }
  }

  private static void write(byte[] file, int at, byte[] bytes) {
    System.arraycopy(bytes, 0, file, at, Math.min(bytes.length, file.length - at));
  }
}
