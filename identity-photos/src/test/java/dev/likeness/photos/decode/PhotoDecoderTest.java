package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.likeness.diffusion.image.ExifOrientation;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Encoded;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.decode.UnreadablePhotoException.Fault;
import java.awt.Color;
import java.awt.Graphics2D;
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
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PhotoDecoderTest {
  private PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT);
  private final BufferedImage portrait = PaintedFace.portrait(200, 150, 90, 70, 60);

  @ParameterizedTest
  @CsvSource({"png,PNG", "bmp,BMP", "tiff,TIFF", "gif,GIF", "jpeg,JPEG"})
  void readsEveryFormatThatImageIoWrites(String format, PhotoFormat expected) {
    DecodedPhoto decoded = decoder.decode("a photo", Encoded.as(format, portrait));

    assertEquals(expected, decoded.format());
    assertEquals("200x150 image", decoded.image().toString());
    assertTrue(difference(RgbImage.of(portrait), decoded.image()) < (format.equals("gif") ? 8 : 2));
  }

  @Test
  void allDecodersShareOneBoundOfMemory() throws Exception {
    byte[] file = Encoded.as("png", portrait);
    CompletableFuture<DecodedPhoto> another;
    PhotoDecoder.MEGAPIXELS.acquire(PhotoDecoder.MAX_CONCURRENT_MEGAPIXELS);
    try {
      another = CompletableFuture.supplyAsync(
          () -> new PhotoDecoder(DecodeLimits.DEFAULT).decode("a.png", file));
      while (!PhotoDecoder.MEGAPIXELS.hasQueuedThreads()) {
        assertFalse(another.isDone());
        Thread.onSpinWait();
      }
    } finally {
      PhotoDecoder.MEGAPIXELS.release(PhotoDecoder.MAX_CONCURRENT_MEGAPIXELS);
    }
    assertEquals(RgbImage.of(portrait), another.get().image());
  }

  @Test
  void losslessFormatsKeepEveryPixel() {
    assertEquals(
        RgbImage.of(portrait),
        decoder.decode("a.png", Encoded.as("png", portrait)).image());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void turnsEveryExifOrientationUpright(int orientation) {
    RgbImage upright = RgbImage.of(portrait);
    BufferedImage stored = inverse(orientation).toUpright(upright).toBufferedImage();

    DecodedPhoto decoded =
        decoder.decode("a.jpg", Encoded.withOrientation(Encoded.jpeg(stored, 0.95f), orientation));

    assertEquals("200x150 image", decoded.image().toString());
    assertEquals(200, decoded.fullWidth());
    assertTrue(
        difference(upright, decoded.image()) < 3,
        "difference " + difference(upright, decoded.image()));
  }

  @Test
  void readsGreyAsTheFileMeansIt() {
    BufferedImage grey = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(1, 2, 0, 100);

    assertEquals(
        100, decoder.decode("grey.png", Encoded.as("png", grey)).image().at(1, 2, 0));
  }

  @Test
  void readsSixteenBitGrey() {
    BufferedImage grey = new BufferedImage(4, 4, BufferedImage.TYPE_USHORT_GRAY);
    grey.getRaster().setSample(1, 2, 0, 100 * 257);

    assertEquals(
        100, decoder.decode("grey16.png", Encoded.as("png", grey)).image().at(1, 2, 1));
  }

  @Test
  void compositesAlphaOverWhite() {
    BufferedImage clear = new BufferedImage(4, 4, BufferedImage.TYPE_INT_ARGB);

    assertEquals(
        255, decoder.decode("clear.png", Encoded.as("png", clear)).image().at(0, 0, 2));
  }

  @Test
  void reducesLargePhotosAndReportsTheFactor() {
    PhotoDecoder small = new PhotoDecoder(DecodeLimits.DEFAULT.withMaxLongSide(100));

    DecodedPhoto decoded = small.decode("a.png", Encoded.as("png", portrait));

    assertEquals("100x75 image", decoded.image().toString());
    assertEquals(2, decoded.reduction());
  }

  @Test
  void marksATruncatedJpegAsDamaged() {
    byte[] whole = Encoded.jpeg(portrait, 0.9f);

    assertTrue(
        decoder.decode("cut.jpg", Arrays.copyOf(whole, whole.length * 3 / 4)).isDamaged());
  }

  @Test
  void bytesBehindTheLastOfTheScanAreNoDamage() {
    byte[] whole = Encoded.jpeg(portrait, 0.9f);
    byte[] padded = Arrays.copyOf(whole, whole.length + 4);
    padded[whole.length - 2] = 0;
    padded[whole.length - 1] = 0;
    padded[padded.length - 2] = (byte) 0xff;
    padded[padded.length - 1] = (byte) 0xd9;

    DecodedPhoto decoded = decoder.decode("padded.jpg", padded);

    assertFalse(decoded.isDamaged());
    assertEquals(
        0, difference(decoded.image(), decoder.decode("whole.jpg", whole).image()));
  }

  @Test
  void aProgressiveJpegEqualsABaselineOne() {
    RgbImage plain = decoder.decode("a.jpg", Encoded.jpeg(portrait, 0.9f)).image();

    assertTrue(difference(
            plain, decoder.decode("b.jpg", Encoded.progressive(portrait, 0.9f)).image())
        < 0.1);
  }

  @Test
  void readingALargeJpegTakesLittleMoreMemoryThanTheReducedImage() {
    byte[] large = Encoded.jpeg(PaintedFace.portrait(3200, 2400, 1600, 1100, 900), 0.9f);
    PhotoDecoder small = new PhotoDecoder(DecodeLimits.DEFAULT.withMaxLongSide(640));
    small.decode("warm", large);
    long before =
        ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();

    RgbImage reduced = small.decode("a.jpg", large).image();

    long allocated =
        ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes()
            - before;
    assertEquals("640x480 image", reduced.toString());
    assertTrue(allocated < 3_000_000 + 3L * large.length, allocated + " bytes allocated");
  }

  @Test
  void appliesTheColourProfileOfAJpegToTheReducedImage() {
    BufferedImage flat = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = flat.createGraphics();
    g.setColor(new Color(200, 90, 40));
    g.fillRect(0, 0, 64, 48);
    g.dispose();
    byte[] linear = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();

    RgbImage read = decoder
        .decode("a.jpg", Encoded.withProfile(Encoded.jpeg(flat, 0.98f), linear))
        .image();

    int[] expected = {229, 160, 111};
    for (int channel = 0; channel < 3; channel++) {
      assertEquals(expected[channel], read.at(30, 20, channel), 2);
    }
  }

  /**
   * As programs leave it who turn a grey image into colours and keep what was said of it before.
   */
  @Test
  void readsAJpegInColourWithAProfileOfGrey() {
    byte[] grey = ICC_Profile.getInstance(ColorSpace.CS_GRAY).getData();
    RgbImage read = decoder
        .decode("a.jpg", Encoded.withProfile(Encoded.jpeg(portrait, 0.9f), grey))
        .image();
    assertEquals(decoder.decode("b.jpg", Encoded.jpeg(portrait, 0.9f)).image(), read);
  }

  @Test
  void aBrokenColourProfileIsLeftOut() {
    byte[] jpeg = Encoded.jpeg(portrait, 0.9f);
    byte[] broken = new byte[400];
    System.arraycopy("RGB ".getBytes(StandardCharsets.US_ASCII), 0, broken, 16, 4);

    assertEquals(
        decoder.decode("a.jpg", jpeg).image(),
        decoder.decode("b.jpg", Encoded.withProfile(jpeg, broken)).image());
  }

  @Test
  void refusesAWebPThatEndsEarly() {
    byte[] head = "RIFF\60\20\0\0WEBPVP8L".getBytes(StandardCharsets.ISO_8859_1);

    assertFault(
        Fault.BROKEN,
        Arrays.copyOf(head, 400),
        "a.png is a broken WebP file: it ends after 400 of 4152 bytes; export or copy it again");
  }

  @Test
  void refusesATiffOfFractions() {
    WritableRaster fractions =
        Raster.createWritableRaster(new BandedSampleModel(DataBuffer.TYPE_FLOAT, 4, 4, 1), null);
    ColorModel grey = new ComponentColorModel(
        ColorSpace.getInstance(ColorSpace.CS_GRAY),
        false,
        false,
        Transparency.OPAQUE,
        DataBuffer.TYPE_FLOAT);

    assertFault(
        Fault.NEEDS_CONVERSION,
        Encoded.as("tiff", new BufferedImage(grey, fractions, false, null)),
        "a.png is a TIFF file of floating-point samples, which is not supported; save it with 8 or"
            + " 16 bits per channel");
  }

  @Test
  void refusesAnEmptyFile() {
    assertFault(Fault.EMPTY, new byte[0], "a.png has 0 bytes; copy the photo again");
  }

  @Test
  void refusesTextNamedAsAPhoto() {
    assertFault(
        Fault.NOT_AN_IMAGE,
        "hello, I am a letter".getBytes(StandardCharsets.US_ASCII),
        "a.png is not an image file; give a JPEG, PNG, WebP, GIF, BMP or TIFF file");
  }

  @Test
  void refusesTooManyPixelsBeforeReadingThem() {
    byte[] bomb = pngHeader(20_000, 10_000);

    UnreadablePhotoException refusal = assertFault(
        Fault.TOO_MANY_PIXELS,
        bomb,
        "a.png has 20000 x 10000 pixels, more than 100 megapixels; save it smaller");
    assertEquals(2e8, refusal.value());
    assertEquals(1e8, refusal.limit());
  }

  @Test
  void refusesTooManyBytes() {
    PhotoDecoder strict = new PhotoDecoder(DecodeLimits.DEFAULT.withMaxBytes(2_000_000));

    UnreadablePhotoException refusal = assertThrows(
        UnreadablePhotoException.class, () -> strict.decode("a.png", new byte[2_000_001]));

    assertEquals("a.png has more than 2 MB; save it smaller", refusal.getMessage());
  }

  @Test
  void refusesAJpegWithTooManyScans() {
    byte[] whole = Encoded.jpeg(portrait, 0.9f);
    byte[] scan = {(byte) 0xFF, (byte) 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0};
    ByteBuffer bomb =
        ByteBuffer.allocate(whole.length + 200 * scan.length).put(whole, 0, whole.length - 2);
    for (int i = 0; i < 200; i++) {
      bomb.put(scan);
    }

    assertFault(
        Fault.BROKEN,
        bomb.put(whole, whole.length - 2, 2).array(),
        "a.png is a broken JPEG file: it has more than 100 scans; export or copy it again");
  }

  @ParameterizedTest
  @CsvSource({"png", "jpeg", "gif"})
  void keepsOnlyTheImageOfAPolyglotFile(String format) {
    byte[] image = Encoded.as(format, portrait);
    byte[] script = "PK\3\4<script>alert('ada')</script>".getBytes(StandardCharsets.US_ASCII);
    byte[] both =
        ByteBuffer.allocate(image.length + script.length).put(image).put(script).array();

    DecodedPhoto decoded = decoder.decode("both", both);

    assertEquals(decoder.decode("one", image).image(), decoded.image());
    assertFalse(
        new String(decoded.image().toPng(), StandardCharsets.ISO_8859_1).contains("script"));
  }

  @ParameterizedTest
  @CsvSource({"png", "gif"})
  void refusesTwoHundredMegapixelsByTheHeaderAlone(String format) {
    byte[] huge = format.equals("png")
        ? pngHeader(20_000, 10_000)
        : gif(Encoded.as("gif", portrait), 20_000, 10_000);
    long before =
        ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();

    UnreadablePhotoException refusal =
        assertThrows(UnreadablePhotoException.class, () -> decoder.decode("a", huge));

    assertEquals(Fault.TOO_MANY_PIXELS, refusal.fault());
    long allocated =
        ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes()
            - before;
    assertTrue(allocated < 20_000_000, allocated + " bytes allocated");
  }

  // The size of the first frame follows its separator, a comma, and its place.
  private static byte[] gif(byte[] gif, int width, int height) {
    ByteBuffer file = ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 13 + 3 * (2 << (gif[10] & 7)); at < gif.length - 9; at++) {
      if (gif[at] == ',' && file.getInt(at + 1) == 0 && file.getShort(at + 5) == 200) {
        file.putShort(at + 5, (short) width).putShort(at + 7, (short) height);
        return gif;
      }
    }
    throw new AssertionError("no frame");
  }

  @Test
  void readsTheSizeThatAHeifFileAnnounces() {
    byte[] ispe =
        box("ispe", ByteBuffer.allocate(12).putInt(4, 20_000).putInt(8, 10_000).array());
    byte[] ipco = box("ipco", ispe);
    byte[] meta = box("meta", join(new byte[4], box("iprp", ipco)));

    assertArrayEquals(
        new long[] {20_000, 10_000},
        HeifConverter.HeifSize.of(join(box("ftyp", "heic0000".getBytes()), meta)));
    assertArrayEquals(
        new long[] {0, 0}, HeifConverter.HeifSize.of(box("ftyp", "heic0000".getBytes())));
  }

  @Test
  void callsAConverterForFormatsThatItCannotRead() {
    byte[] jxl = {(byte) 0xFF, 0x0A, 1, 2, 3};

    DecodedPhoto decoded = decoder.decode("a.jxl", jxl);

    assertEquals(PhotoFormat.JPEG_XL, decoded.format());
    assertEquals("64x48 image", decoded.image().toString());
  }

  private static byte[] box(String name, byte[] content) {
    return ByteBuffer.allocate(8 + content.length)
        .putInt(8 + content.length)
        .put(name.getBytes(StandardCharsets.US_ASCII))
        .put(content)
        .array();
  }

  private static byte[] join(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }

  @ParameterizedTest
  @CsvSource({"heic,HEIC", "avif,AVIF"})
  void explainsTheConversionOfFormatsWithoutAReader(String brand, String title) {
    byte[] file =
        ("\0\0\0\30ftyp" + brand + "\0\0\0\0mif1heic").getBytes(StandardCharsets.ISO_8859_1);
    decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withoutPrograms());

    assertFault(
        Fault.NEEDS_CONVERSION,
        file,
        "a.png is in the " + title + " format, which is not supported;"
            + " save it as JPEG (iPhone: Settings > Camera > Formats > Most Compatible; command: heif-convert or"
            + " magick)");
  }

  @ParameterizedTest
  @CsvSource({"png", "bmp", "tiff", "gif", "jpeg"})
  void damagedFilesThrowOnlyUnreadablePhotoException(String format) {
    byte[] whole = Encoded.as(format, portrait);
    Random random = new Random(7);
    for (int round = 0; round < 150; round++) {
      byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
      for (int k = 0; k < 1 + round % 20; k++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        decoder.decode("damaged", damaged);
      } catch (UnreadablePhotoException refusal) {
        assertEquals(1, refusal.getMessage().lines().count());
      }
    }
  }

  private UnreadablePhotoException assertFault(Fault fault, byte[] file, String message) {
    UnreadablePhotoException refusal =
        assertThrows(UnreadablePhotoException.class, () -> decoder.decode("a.png", file));
    assertEquals(message, refusal.getMessage());
    assertEquals(fault, refusal.fault());
    return refusal;
  }

  // A quarter turn is undone by the other quarter turn, everything else by itself.
  private static ExifOrientation inverse(int exif) {
    return ExifOrientation.of(exif == 6 ? 8 : exif == 8 ? 6 : exif);
  }

  private static double difference(RgbImage a, RgbImage b) {
    byte[] x = a.rgb();
    byte[] y = b.rgb();
    long sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += Math.abs((x[i] & 255) - (y[i] & 255));
    }
    return (double) sum / x.length;
  }

  static byte[] pngHeader(int width, int height) {
    ByteBuffer file = ByteBuffer.allocate(33 + 12);
    file.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    byte[] header = ByteBuffer.allocate(17)
        .put("IHDR".getBytes(StandardCharsets.US_ASCII))
        .putInt(width)
        .putInt(height)
        .put(new byte[] {8, 2, 0, 0, 0})
        .array();
    CRC32 crc = new CRC32();
    crc.update(header);
    file.putInt(13).put(header).putInt((int) crc.getValue());
    return file.putInt(0)
        .put("IDAT".getBytes(StandardCharsets.US_ASCII))
        .putInt(0x35AF061E)
        .array();
  }
}
