package dev.likeness.diffusion.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.material.NamedPipe;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BandedSampleModel;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One reader serves paths, streams and bytes, images and masks. */
class ImageFilesTest {
  // Primaries of Display P3 adapted to D50, as in Apple's profile.
  private static final double[][] P3 = {
    {0.515121, 0.291977, 0.157104}, {0.241196, 0.692245, 0.066574}, {-0.001053, 0.041885, 0.784073}
  };
  private static final double[][] SRGB = {
    {0.436066, 0.385147, 0.143066}, {0.222488, 0.716873, 0.060608}, {0.013916, 0.097076, 0.714096}
  };

  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource({"png,0", "jpeg,2"})
  void appliesDisplayP3FromPathsStreamsAndBytes(String format, int rounding) throws IOException {
    byte[] colours = {(byte) 200, 90, 60, 80, (byte) 150, 90, 90, 70, (byte) 180, 120, 120, 120};
    for (int i = 0; i < colours.length; i += 3) {
      byte[] colour = Arrays.copyOfRange(colours, i, i + 3);
      byte[] file = file(flat(BufferedImage.TYPE_INT_RGB, colour), format, rgbProfile(P3));
      int[] expected = expected(colour);
      for (RgbImage image : readings(file)) {
        for (int channel = 0; channel < 3; channel++) {
          assertEquals(expected[channel], image.at(4, 4, channel), 1 + rounding);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"png,0", "jpeg,2"})
  void appliesGreyProfiles(String format, int rounding) throws IOException {
    byte[] file = file(
        flat(BufferedImage.TYPE_BYTE_GRAY, new byte[] {55, 55, 55}),
        format,
        profile("GRAY", Map.of("kTRC", linear())));

    for (RgbImage image : readings(file)) {
      // 55/255 of linear light is 0.503 on the sRGB curve.
      assertEquals(128, image.at(4, 4, 0), 2 + rounding);
      assertEquals(image.at(4, 4, 0), image.at(4, 4, 2));
    }
  }

  @Test
  void profilesOfSrgbItselfChangeNothing() throws IOException {
    byte[] noise = new byte[16 * 16 * 3];
    new Random(5).nextBytes(noise);
    RgbImage image = RgbImage.of(16, 16, noise);
    for (byte[] icc : new byte[][] {
      rgbProfile(SRGB), ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData()
    }) {
      assertEquals(image, RgbImage.read("a", withProfile(image.toPng(), "png", icc)));
    }
  }

  @Test
  void profilesThatAreBrokenOrOfOtherColoursChangeNothing() throws IOException {
    RgbImage image = RgbImage.of(1, 1, new byte[] {10, 100, (byte) 200});
    byte[] cut = Arrays.copyOf(rgbProfile(P3), 150);
    byte[] wild = rgbProfile(P3);
    ByteBuffer.wrap(wild).putInt(136, 0x7fffff00).putInt(140, 0x7fffff00);
    byte[] curve = profile("RGB ", Map.of("rTRC", curve(0x7fffffff)));
    byte[] grey = profile("GRAY", Map.of("kTRC", linear()));
    byte[] cmyk = profile("CMYK", Map.of("A2B0", new byte[32]));
    for (byte[] icc : new byte[][] {cut, wild, curve, grey, cmyk, new byte[400]}) {
      assertEquals(image, RgbImage.read("a", withProfile(image.toPng(), "png", icc)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void turnsImagesAndMasksUpright(int orientation) throws IOException {
    RgbImage stored = RgbImage.of(2, 1, new byte[] {1, 1, 1, 90, 90, 90});
    byte[] exif = ByteBuffer.allocate(26)
        .put("MM\0*".getBytes(StandardCharsets.ISO_8859_1))
        .putInt(8)
        .putShort((short) 1)
        .putShort((short) 0x112)
        .putShort((short) 3)
        .putInt(1)
        .putShort((short) orientation)
        .array();
    byte[] file = withChunk(stored.toPng(), "eXIf", exif);
    RgbImage upright = ExifOrientation.of(orientation).toUpright(stored);
    for (RgbImage image : readings(file)) {
      assertEquals(upright, image);
    }
  }

  @Test
  void readsTiffFilesAndSixteenBits() throws IOException {
    BufferedImage deep = new BufferedImage(2, 2, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(1, 1, 0, 100 * 257);
    assertEquals(100, RgbImage.read("a", encode(deep, "png")).at(1, 1, 2));
    assertEquals(100, RgbImage.read("a", encode(deep, "tiff")).at(1, 1, 2));
  }

  @Test
  void refusesTiffFilesOfFloatingPointSamples() throws IOException {
    ColorModel grey = new ComponentColorModel(
        ColorSpace.getInstance(ColorSpace.CS_GRAY),
        false,
        false,
        Transparency.OPAQUE,
        DataBuffer.TYPE_FLOAT);
    WritableRaster samples =
        Raster.createWritableRaster(new BandedSampleModel(DataBuffer.TYPE_FLOAT, 4, 4, 1), null);
    byte[] file = encode(new BufferedImage(grey, samples, false, null), "tiff");
    assertRefused(
        "a is a TIFF file of floating-point samples, which is not supported; save it with 8 or 16"
            + " bits per channel",
        () -> RgbImage.read("a", file));
  }

  @Test
  void errorsAreOneLineWithTheName() throws IOException {
    Path missing = folder.resolve("missing.png");
    assertRefused(
        "cannot read the image " + missing + ": no such file", () -> RgbImage.read(missing));
    assertRefused(
        "cannot read the image " + folder + ": it is not a regular file; give an image file",
        () -> RgbImage.read(folder));
    byte[] cut = Arrays.copyOf(RgbImage.of(1, 1, new byte[3]).toPng(), 50);
    assertRefused(
        "a.png is a broken PNG file: it ends within its image data; export or copy it again",
        () -> RgbImage.read("a.png", cut));
    assertRefused(
        "a is not an image this library reads; give a PNG or JPEG file",
        () -> RgbImage.read("a", "hello".getBytes(StandardCharsets.US_ASCII)));
    byte[] huge = RgbImage.of(1, 1, new byte[3]).toPng();
    ByteBuffer.wrap(huge).putInt(16, 20_000).putInt(20, 10_000);
    assertRefused(
        "a.png has 20000 x 10000 pixels, more than 67 megapixels; save it smaller",
        () -> RgbImage.read("a.png", huge));
  }

  /** A photo of a phone is named by its format at each door, with what to do. */
  @ParameterizedTest
  @CsvSource({
    "HEIC, heic",
    "HEIC, mif1",
    "HEIC, msf1",
    "HEIC, hevx",
    "AVIF, avif",
    "AVIF, avis",
    "JPEG XL, "
  })
  void namesTheFormatOfPhotosThatItDoesNotRead(String format, String brand) throws IOException {
    byte[] head = brand == null
        ? new byte[] {0, 0, 0, 12, 'J', 'X', 'L', ' ', '\r', '\n', (byte) 0x87, '\n', 0, 0}
        : ("\0\0\0\u0018ftyp" + brand + "\0\0\0\0").getBytes(StandardCharsets.US_ASCII);
    Path file = Files.write(folder.resolve("photo.png"), head);
    String refusal = " is in the " + format + " format, which is not supported; save it as JPEG"
        + " (iPhone: Settings > Camera > Formats > Most Compatible; command: heif-convert or"
        + " magick)";
    assertRefused(file + refusal, () -> RgbImage.read(file));
    assertRefused(file + refusal, () -> RgbImage.readMask(file));
    assertRefused("a" + refusal, () -> RgbImage.read("a", head));
    assertRefused("a" + refusal, () -> RgbImage.readMask("a", head));
    assertRefused("a" + refusal, () -> RgbImage.read("a", new ByteArrayInputStream(head)));
    assertRefused("a" + refusal, () -> RgbImage.readMask("a", new ByteArrayInputStream(head)));
  }

  @Test
  void aPipeIsRefusedInsteadOfAwaited() {
    Path pipe = NamedPipe.make(folder.resolve("pipe.png"));
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> assertRefused(
            "cannot read the image " + pipe + ": it is not a regular file; give an image file",
            () -> RgbImage.read(pipe)));
  }

  @Test
  void mutatedFilesThrowNothingElse() throws IOException {
    BufferedImage grey = flat(BufferedImage.TYPE_BYTE_GRAY, new byte[] {55, 55, 55});
    for (String format : new String[] {"png", "jpeg", "gif", "bmp", "tiff"}) {
      byte[] whole = encode(grey, format);
      Random random = new Random(3);
      for (int round = 0; round < 200; round++) {
        byte[] changed = Arrays.copyOf(whole, whole.length - random.nextInt(1 + round % 7 * 10));
        for (int k = 0; k <= round % 10; k++) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        try {
          RgbImage.read("a", changed);
        } catch (InvalidInputException refusal) {
          assertEquals(1, refusal.getMessage().lines().count());
        }
      }
    }
  }

  private void assertRefused(String message, Executable read) {
    assertEquals(message, assertThrows(InvalidInputException.class, read).getMessage());
  }

  /** The image by every door. */
  private RgbImage[] readings(byte[] file) throws IOException {
    Path path = Files.write(folder.resolve("image"), file);
    return new RgbImage[] {
      RgbImage.read(path),
      RgbImage.read("a", file),
      RgbImage.read("a", new ByteArrayInputStream(file)),
      RgbImage.readMask(path),
      RgbImage.readMask("a", file),
      RgbImage.readMask("a", new ByteArrayInputStream(file))
    };
  }

  // By the formulas of IEC 61966-2-1: Display P3 has the curve of sRGB.
  private static int[] expected(byte[] p3) {
    double[] xyz = new double[3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        double v = (p3[j] & 255) / 255.0;
        xyz[i] += P3[i][j] * (v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4));
      }
    }
    double[] linear = solve(xyz);
    int[] out = new int[3];
    for (int i = 0; i < 3; i++) {
      double v = Math.max(0, Math.min(1, linear[i]));
      double curved = v <= 0.0031308 ? 12.92 * v : 1.055 * Math.pow(v, 1 / 2.4) - 0.055;
      out[i] = (int) Math.round(255 * curved);
    }
    return out;
  }

  // Cramer's rule.
  private static double[] solve(double[] xyz) {
    double[] out = new double[3];
    for (int column = 0; column < 3; column++) {
      double[][] m = {SRGB[0].clone(), SRGB[1].clone(), SRGB[2].clone()};
      for (int row = 0; row < 3; row++) {
        m[row][column] = xyz[row];
      }
      out[column] = determinant(m) / determinant(SRGB);
    }
    return out;
  }

  private static double determinant(double[][] m) {
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
  }

  private static byte[] rgbProfile(double[][] primaries) {
    Map<String, byte[]> tags = new LinkedHashMap<>();
    String[] names = {"r", "g", "b"};
    for (int i = 0; i < 3; i++) {
      tags.put(names[i] + "XYZ", xyz(primaries[0][i], primaries[1][i], primaries[2][i]));
    }
    for (String name : names) {
      tags.put(name + "TRC", srgbCurve());
    }
    return profile("RGB ", tags);
  }

  /** A display profile (ICC.1:2010, 7). */
  private static byte[] profile(String space, Map<String, byte[]> content) {
    Map<String, byte[]> tags = new LinkedHashMap<>(content);
    tags.put("wtpt", xyz(0.9642, 1, 0.8249));
    int data = 132 + 12 * tags.size();
    int length = data + tags.values().stream().mapToInt(tag -> tag.length).sum();
    ByteBuffer out = ByteBuffer.allocate(length).putInt(length).putInt(0).putInt(0x04000000);
    out.put(("mntr" + space + "XYZ ").getBytes(StandardCharsets.US_ASCII)).position(36);
    out.put("acsp".getBytes(StandardCharsets.US_ASCII)).position(68);
    out.put(xyz(0.9642, 1, 0.8249), 8, 12).position(128);
    out.putInt(tags.size());
    for (Map.Entry<String, byte[]> tag : tags.entrySet()) {
      out.put(tag.getKey().getBytes(StandardCharsets.US_ASCII)).putInt(data);
      out.putInt(tag.getValue().length);
      data += tag.getValue().length;
    }
    tags.values().forEach(out::put);
    return out.array();
  }

  private static byte[] xyz(double x, double y, double z) {
    return ByteBuffer.allocate(20)
        .put("XYZ ".getBytes(StandardCharsets.US_ASCII))
        .putInt(0)
        .putInt(fixed(x))
        .putInt(fixed(y))
        .putInt(fixed(z))
        .array();
  }

  private static byte[] srgbCurve() {
    ByteBuffer out = ByteBuffer.allocate(32)
        .put("para".getBytes(StandardCharsets.US_ASCII))
        .putInt(0)
        .putInt(3 << 16);
    for (double value : new double[] {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045}) {
      out.putInt(fixed(value));
    }
    return out.array();
  }

  private static byte[] linear() {
    return curve(0);
  }

  private static byte[] curve(int count) {
    return ByteBuffer.allocate(12)
        .put("curv".getBytes(StandardCharsets.US_ASCII))
        .putInt(0)
        .putInt(count)
        .array();
  }

  private static int fixed(double value) {
    return (int) Math.round(value * 65536);
  }

  private static BufferedImage flat(int type, byte[] colour) {
    BufferedImage image = new BufferedImage(16, 16, type);
    for (int i = 0; i < 16 * 16; i++) {
      for (int band = 0; band < image.getRaster().getNumBands(); band++) {
        image.getRaster().setSample(i % 16, i / 16, band, colour[band] & 255);
      }
    }
    return image;
  }

  private static byte[] file(BufferedImage image, String format, byte[] icc) throws IOException {
    return withProfile(encode(image, format), format, icc);
  }

  private static byte[] encode(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out));
    return out.toByteArray();
  }

  private static byte[] withProfile(byte[] file, String format, byte[] icc) throws IOException {
    if (format.equals("jpeg")) {
      return ByteBuffer.allocate(file.length + 18 + icc.length)
          .put(file, 0, 2)
          .putShort((short) 0xffe2)
          .putShort((short) (16 + icc.length))
          .put("ICC_PROFILE\0\1\1".getBytes(StandardCharsets.US_ASCII))
          .put(icc)
          .put(file, 2, file.length - 2)
          .array();
    }
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    packed.writeBytes("P3\0\0".getBytes(StandardCharsets.US_ASCII));
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
      deflater.write(icc);
    }
    return withChunk(file, "iCCP", packed.toByteArray());
  }

  private static byte[] withChunk(byte[] png, String type, byte[] data) {
    byte[] body = ByteBuffer.allocate(4 + data.length)
        .put(type.getBytes(StandardCharsets.US_ASCII))
        .put(data)
        .array();
    CRC32 crc = new CRC32();
    crc.update(body);
    return ByteBuffer.allocate(png.length + body.length + 8)
        .put(png, 0, 33)
        .putInt(data.length)
        .put(body)
        .putInt((int) crc.getValue())
        .put(png, 33, png.length - 33)
        .array();
  }
}
