package dev.likeness.photos.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.photos.Encoded;
import dev.likeness.photos.Material;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.decode.UnreadablePhotoException.Fault;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Photos that were made to cost time or memory end in a verdict, soon and cheaply. */
class HostilePhotosTest {
  // On a busy machine a thread may wait long; its own seconds count, the others only end a hang.
  private static final Duration HANG = Duration.ofSeconds(120);
  private static final long SOON_NANOS = 10_000_000_000L;
  private static final long MUCH = 512L << 20;

  private final PhotoDecoder decoder = new PhotoDecoder(DecodeLimits.DEFAULT.withoutPrograms());
  private final BufferedImage portrait = PaintedFace.portrait(200, 150, 90, 70, 60);
  private final byte[] jpeg = Encoded.jpeg(portrait, 0.9f);

  @Test
  void everyAttackFileEndsInAVerdict() throws IOException {
    Path attacks = Material.cases("attacks");
    try (Stream<Path> files = Files.list(attacks)) {
      List<Path> photos = files
          .filter(file -> file.getFileName()
              .toString()
              .matches("(bad__photos__|proof__(bmp|tif|exif|scanbomb|png|webp)).*"))
          .sorted()
          .toList();
      assertTrue(photos.size() >= 20, photos.toString());
      for (Path photo : photos) {
        verdict(photo.getFileName().toString(), Files.readAllBytes(photo));
      }
    }
  }

  /** Only the orientation of the first directory counts, so nothing that it contains is parsed. */
  @ParameterizedTest
  @ValueSource(ints = {0x8649, 0x02bc, 0x83bb, 0x8769, 0x8825, 0xa20b})
  void aTagWithABlockInsideIsNotParsed(int tag) {
    byte[] inner = "8BIM\4\42\0\0\0\0\0\0".repeat(5000).getBytes(StandardCharsets.ISO_8859_1);
    byte[] file = withSegment(jpeg, 0xe1, exif(tag, 7, inner.length, inner, 6));

    DecodedPhoto decoded = verdict("nested.jpg", file);

    assertNotNull(decoded);
    assertEquals("150x200 image", decoded.image().toString());
  }

  @Test
  void manyRationalsAreNotRead() {
    byte[] rationals = new byte[65_000];
    DecodedPhoto decoded = verdict(
        "rationals.jpg",
        withSegment(jpeg, 0xe1, exif(0x9999, 5, rationals.length / 8, rationals, 8)));

    assertNotNull(decoded);
    assertEquals("150x200 image", decoded.image().toString());
  }

  @Test
  void manyDirectoryEntriesAndLoopsOfDirectoriesEnd() {
    ByteBuffer block = ByteBuffer.allocate(6 + 8 + 2 + 12 * 5000 + 4);
    block.put("Exif\0\0MM\0*".getBytes(StandardCharsets.ISO_8859_1)).putInt(8).putShort((short)
        5000);
    for (int i = 0; i < 5000; i++) {
      block.putShort((short) 0x8769).putShort((short) 4).putInt(1).putInt(8);
    }
    assertNotNull(verdict("loop.jpg", withSegment(jpeg, 0xe1, block.putInt(8).array())));
  }

  @Test
  void deepXmpInAPngIsNotParsed() throws IOException {
    byte[] deep = ("XML:com.adobe.xmp\0\0\0\0\0" + "<a>".repeat(200_000))
        .getBytes(StandardCharsets.ISO_8859_1);
    byte[] png = Encoded.as("png", portrait);
    assertNotNull(verdict("deep.png", pngWith(png, "iTXt", deep)));
  }

  @ParameterizedTest
  @CsvSource({"'',100", "'junk',100", "'junk',4000", "'\u00ff\u0000\u00ff\u0000',400"})
  void junkDoesNotHideScans(String junk, int scans) {
    byte[] bomb = scanBomb(3000, 3000, scans, junk);
    UnreadablePhotoException refusal =
        assertThrows(UnreadablePhotoException.class, () -> decoder.decode("a.jpg", bomb));
    assertTrue(refusal.getMessage().contains("scans"), refusal.getMessage());
  }

  @Test
  void scansTimesPixelsAreAtMostSixHundredMillion() {
    assertNotNull(verdict("six.jpg", scanBomb(9900, 10_000, 6, "")));
    UnreadablePhotoException refusal = assertThrows(
        UnreadablePhotoException.class,
        () -> decoder.decode("a.jpg", scanBomb(9900, 10_000, 7, "")));
    assertEquals(
        "a.jpg is a broken JPEG file: it has 7 or more scans of 9900 x 10000 pixels, together more"
            + " than 600 megapixels; export or copy it again",
        refusal.getMessage());
  }

  @Test
  void junkBetweenSegmentsIsDamageButNoReasonToRefuse() {
    byte[] junk = {1, 2, 3};
    int tables = find(jpeg, 0xdb, 2);
    byte[] file = ByteBuffer.allocate(jpeg.length + 3)
        .put(jpeg, 0, tables)
        .put(junk)
        .put(jpeg, tables, jpeg.length - tables)
        .array();

    DecodedPhoto decoded = decoder.decode("a.jpg", file);

    assertTrue(decoded.isDamaged());
    assertEquals(decoder.decode("b.jpg", jpeg).image(), decoded.image());
    assertFalse(decoder.decode("b.jpg", jpeg).isDamaged());
  }

  @Test
  void aJpegOfEndlessSegmentsIsRefused() {
    byte[] comments = "\u00ff\u00fe\0\2".repeat(5_000_000).getBytes(StandardCharsets.ISO_8859_1);
    byte[] file = ByteBuffer.allocate(jpeg.length + comments.length)
        .put(jpeg, 0, 2)
        .put(comments)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
    assertRefused(file, Fault.BROKEN, "it has more than 10000 segments");
  }

  @Test
  void aPngOfEndlessChunksIsRefused() {
    byte[] png = Encoded.as("png", portrait);
    ByteBuffer file = ByteBuffer.allocate(33 + 12 * 3_000_000).put(png, 0, 33);
    for (int i = 0; i < 3_000_000; i++) {
      file.putInt(0).put("IDAT".getBytes(StandardCharsets.US_ASCII)).putInt(0x35AF061E);
    }
    assertRefused(file.array(), Fault.BROKEN, "it has more than 200000 chunks");
  }

  @Test
  void aPngWithTextThatInflatesWithoutEndIsRead() throws IOException {
    BufferedImage palette = new BufferedImage(64, 48, BufferedImage.TYPE_BYTE_INDEXED);
    byte[] bomb = PngChunksTest.packed("Comment\0\0", new byte[200 << 20]);
    assertNotNull(verdict("text.png", pngWith(Encoded.as("png", palette), "zTXt", bomb)));
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void aBmpWithAnotherFormatInsideIsRefused(int compression) {
    byte[] inner = compression == 4 ? jpeg : Encoded.as("png", portrait);
    assertRefused(
        bmp(200, 150, 24, compression, inner),
        Fault.NEEDS_CONVERSION,
        "is a BMP file with " + (compression == 4 ? "JPEG" : "PNG") + " data inside");
  }

  @Test
  void aBmpThatAnnouncesMoreThanItHoldsIsRefused() {
    assertRefused(bmp(9000, 9000, 24, 0, new byte[100]), Fault.BROKEN, "it ends within its pixels");
    byte[] palette = bmp(8, 8, 8, 0, new byte[100]);
    ByteBuffer.wrap(palette).order(ByteOrder.LITTLE_ENDIAN).putInt(10, 0x7fffffff);
    assertRefused(palette, Fault.BROKEN, "its header is wrong");
    assertRefused(
        bmp(-1, -1, 24, 0, new byte[100]), Fault.BROKEN, "its header gives no valid size");
    byte[] packed = bmp(64, 64, 8, 1, new byte[100]);
    ByteBuffer.wrap(packed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(34, 0x7fffffff)
        .putInt(2, -1);
    verdict("packed.bmp", packed);
  }

  @Test
  void aBmpNeverOpensTheFileOfALinkedProfile() {
    byte[] plain = Encoded.as("bmp", portrait);
    ByteBuffer file = ByteBuffer.allocate(plain.length + 84 + 20).order(ByteOrder.LITTLE_ENDIAN);
    file.put(plain, 0, 54).put(new byte[84]).put(plain, 54, plain.length - 54);
    file.put("/proc/self/environ\0".getBytes(StandardCharsets.US_ASCII));
    file.putInt(10, 138).putInt(14, 124).putInt(70, 0x4c494e4b);
    file.putInt(126, plain.length + 84 - 14).putInt(130, 19);
    DecodedPhoto decoded = verdict("linked.bmp", file.array());
    assertNotNull(decoded);
    assertEquals(decoder.decode("a.bmp", plain).image(), decoded.image());
  }

  @Test
  void tiffFilesAreCheckedBeforeTheyAreDecoded() {
    assertNotNull(verdict("plain.tif", tiff(Map.of())));
    assertRefused(tiff(Map.of(259, 7)), Fault.NEEDS_CONVERSION, "JPEG data inside");
    assertRefused(tiff(Map.of(259, 6)), Fault.NEEDS_CONVERSION, "JPEG data inside");
    assertRefused(tiff(Map.of(259, 34712)), Fault.NEEDS_CONVERSION, "compression 34712");
    assertRefused(tiff(Map.of(339, 3)), Fault.NEEDS_CONVERSION, "floating-point samples");
    assertRefused(tiff(Map.of(256, 0)), Fault.BROKEN, "its header gives no valid size");
    assertRefused(tiff(Map.of(257, 16)), Fault.BROKEN, "it has fewer strips");
    assertRefused(tiff(Map.of(279, 5000)), Fault.BROKEN, "is not in the file");
    assertRefused(tiff(Map.of(256, 9000, 278, 9000, 257, 9000)), Fault.BROKEN, "is too short");
    assertRefused(
        tiff(Map.of(256, 50_000, 278, 9000, 257, 9000)), Fault.BROKEN, "more than 256 MiB");
    assertRefused(tiff(Map.of(258, 64)), Fault.BROKEN, "1 channels of 64 to 64 bits");
  }

  /** Decoders fail by exceptions of their own variables, which would tell a user nothing. */
  @Test
  void defectsOfDecodersAreToldInTheUsersWords() {
    for (RuntimeException defect : List.of(
        new NullPointerException("Cannot read the array length because \"oldString\" is null"),
        new ArrayIndexOutOfBoundsException("Index 1000 out of bounds for length 1000"),
        new NegativeArraySizeException("-1"))) {
      assertEquals("its pixels cannot be decoded", ImageFileReader.reason(defect));
    }
    assertEquals("a reason", ImageFileReader.reason(new IllegalStateException("a reason\nmore")));
  }

  @Test
  void stripsThatShareBytesAreRefused() {
    assertRefused(tiff(Map.of(-273, 1)), Fault.BROKEN, "its strips overlap");
  }

  @ParameterizedTest
  @CsvSource({"50706,1", "254,1", "255,2", "262,32803", "262,34892"})
  void previewsOfRawPhotosAreNotTakenForThePhoto(int tag, int value) {
    assertRefused(tiff(Map.of(tag, value)), Fault.NEEDS_CONVERSION, "is a raw photo");
  }

  @Test
  void aPreviewBeforeALargerImageIsNotTakenForThePhoto() {
    byte[] file = tiff(Map.of(330, 400));
    ByteBuffer below = ByteBuffer.allocate(500).order(ByteOrder.LITTLE_ENDIAN).put(file);
    below.position(400);
    below.putShort((short) 2);
    below.putShort((short) 256).putShort((short) 4).putInt(1).putInt(4000);
    below.putShort((short) 257).putShort((short) 4).putInt(1).putInt(3000);
    assertRefused(below.array(), Fault.NEEDS_CONVERSION, "is a raw photo");
  }

  @Test
  void aGifOfOneLongCommentIsRead() {
    byte[] gif = Encoded.as("gif", portrait);
    int table = 13 + 3 * (2 << (gif[10] & 7));
    ByteBuffer file = ByteBuffer.allocate(gif.length + 3 + 256 * 100_000).put(gif, 0, table);
    file.put((byte) 0x21).put((byte) 0xfe);
    for (int i = 0; i < 100_000; i++) {
      file.put((byte) 255).position(file.position() + 255);
    }
    DecodedPhoto decoded = verdict(
        "comment.gif", file.put((byte) 0).put(gif, table, gif.length - table).array());
    assertNotNull(decoded);
    assertEquals(decoder.decode("a.gif", gif).image(), decoded.image());
  }

  @Test
  void aWebpWhoseCanvasIsNotItsImageIsReadAtTheSizeOfItsImage() throws IOException {
    byte[] webp = seed("lossless.webp");
    String size = decoder.decode("plain.webp", webp).image().toString();
    byte[] canvas = {0, 0, 0, 0, 7, 0, 0, 7, 0, 0};
    byte[] extended = webpWith(webp, "VP8X", canvas, 1);
    assertEquals(size, verdict("canvas.webp", extended).image().toString());
  }

  @Test
  void ofManyFramesInAWebpOneIsDecoded() throws IOException {
    byte[] webp = seed("lossless.webp");
    byte[] frame = Arrays.copyOfRange(webp, 20, webp.length);
    byte[] many = webpWith(webp, "VP8L", frame, 2000);
    assertEquals(
        decoder.decode("one.webp", webp).image(), verdict("many.webp", many).image());
  }

  @Test
  void aLosslessWebpThatEndsEarlyIsRefusedSoon() throws IOException {
    byte[] webp = seed("lossless.webp");
    byte[] head = Arrays.copyOf(webp, 60);
    // 10,000 by 9,000 pixels in the header of VP8L: 14 bits each, less one.
    ByteBuffer.wrap(head)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(4, 52)
        .putInt(16, 40)
        .putInt(21, 9999 | 8999 << 14);
    assertRefused(head, Fault.BROKEN, "");
  }

  @Test
  void imagesWithOneVeryLongSideAreRefused() {
    byte[] header = PhotoDecoderTest.pngHeader(90_000_000, 1);
    assertRefused(header, Fault.TOO_MANY_PIXELS, "more than 100000 pixels on a side");
  }

  private void assertRefused(byte[] file, Fault fault, String part) {
    UnreadablePhotoException refusal = assertThrows(
        UnreadablePhotoException.class,
        () -> assertTimeoutPreemptively(HANG, () -> decoder.decode("a", file)));
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    assertEquals(1, refusal.getMessage().lines().count());
    assertEquals(fault, refusal.fault());
  }

  /** Decodes within the time and memory that an attack may take; null for a refusal. */
  private DecodedPhoto verdict(String name, byte[] file) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return assertTimeoutPreemptively(
        HANG,
        () -> {
          long before = threads.getCurrentThreadAllocatedBytes();
          long began = threads.getCurrentThreadCpuTime();
          try {
            return decoder.decode(name, file);
          } catch (UnreadablePhotoException refused) {
            assertEquals(1, refused.getMessage().lines().count());
            assertFalse(refused.getMessage().contains("-1 x"), refused.getMessage());
            return null;
          } finally {
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < MUCH + 8L * file.length, name + " took " + bytes + " bytes");
            long nanos = threads.getCurrentThreadCpuTime() - began;
            assertTrue(nanos < SOON_NANOS, name + " took " + nanos + " ns");
          }
        },
        name);
  }

  private static byte[] seed(String name) throws IOException {
    return Files.readAllBytes(Path.of(
        "src/test/resources/dev/likeness/photos/IntakeFuzzTestInputs/anyBytesGetOneVerdict", name));
  }

  /** A file with one more chunk, {@code times}, before its own. */
  private static byte[] webpWith(byte[] webp, String name, byte[] data, int times) {
    int padded = data.length + (data.length & 1);
    ByteBuffer file = ByteBuffer.allocate(webp.length + times * (8 + padded))
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(webp, 0, 12);
    for (int i = 0; i < times; i++) {
      file.put(name.getBytes(StandardCharsets.US_ASCII)).putInt(data.length).put(data);
      file.position(file.position() + padded - data.length);
    }
    return file.put(webp, 12, webp.length - 12).putInt(4, file.capacity() - 8).array();
  }

  private static byte[] withSegment(byte[] jpeg, int marker, byte[] data) {
    return ByteBuffer.allocate(jpeg.length + data.length + 4)
        .put(jpeg, 0, 2)
        .put((byte) 0xff)
        .put((byte) marker)
        .putShort((short) (data.length + 2))
        .put(data)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  private static byte[] exif(int tag, int type, int count, byte[] value, int orientation) {
    return ByteBuffer.allocate(6 + 8 + 2 + 24 + 4 + value.length)
        .put("Exif\0\0MM\0*".getBytes(StandardCharsets.ISO_8859_1))
        .putInt(8)
        .putShort((short) 2)
        .putShort((short) tag)
        .putShort((short) type)
        .putInt(count)
        .putInt(38)
        .putShort((short) 0x112)
        .putShort((short) 3)
        .putInt(1)
        .putShort((short) orientation)
        .putShort((short) 0)
        .putInt(0)
        .put(value)
        .array();
  }

  private static byte[] pngWith(byte[] png, String type, byte[] data) {
    return PngChunksTest.chunk(png, type, data);
  }

  /** The first scan of a progressive file as often as asked, with junk before each. */
  private byte[] scanBomb(int width, int height, int scans, String junk) {
    byte[] whole =
        Encoded.progressive(new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY), 0.5f);
    int frame = find(whole, 0xc2, 2);
    int scan = find(whole, 0xda, 2);
    int end = find(whole, 0, scan + 2);
    ByteBuffer.wrap(whole).putShort(frame + 5, (short) height).putShort(frame + 7, (short) width);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(whole, 0, scan);
    for (int i = 0; i < scans; i++) {
      out.writeBytes(junk.getBytes(StandardCharsets.ISO_8859_1));
      out.write(whole, scan, end - scan);
    }
    out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xd9});
    return out.toByteArray();
  }

  /** The next marker; of code 0, any. */
  private static int find(byte[] file, int code, int from) {
    int at = from;
    while (file[at] != (byte) 0xff
        || file[at + 1] == 0
        || code != 0 && (file[at + 1] & 255) != code) {
      at++;
    }
    return at;
  }

  private static byte[] bmp(int width, int height, int bits, int compression, byte[] data) {
    return ByteBuffer.allocate(54 + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 'B')
        .put((byte) 'M')
        .putInt(54 + data.length)
        .putInt(0)
        .putInt(54)
        .putInt(40)
        .putInt(width)
        .putInt(height)
        .putShort((short) 1)
        .putShort((short) bits)
        .putInt(compression)
        .putInt(data.length)
        .putInt(0)
        .putInt(0)
        .putInt(0)
        .putInt(0)
        .put(data)
        .array();
  }

  /**
   * A grey TIFF of 8 by 8 pixels in two strips, with some of its values replaced. The key -273 lets
   * the second strip start in the first.
   */
  private static byte[] tiff(Map<Integer, Integer> changes) {
    Map<Integer, Integer> tags =
        new TreeMap<>(Map.of(256, 8, 257, 8, 258, 8, 259, 1, 262, 1, 277, 1, 278, 4));
    tags.put(273, 0);
    tags.put(279, 0);
    tags.putAll(changes);
    boolean shared = tags.remove(-273) != null;
    ByteBuffer out = ByteBuffer.allocate(400).order(ByteOrder.LITTLE_ENDIAN);
    out.put("II*\0".getBytes(StandardCharsets.US_ASCII)).putInt(100);
    out.position(8 + 64);
    out.putInt(8).putInt(shared ? 20 : 40).putInt(32).putInt(changes.getOrDefault(279, 32));
    out.position(100);
    out.putShort((short) tags.size());
    tags.forEach((tag, value) -> {
      boolean strips = tag == 273 || tag == 279;
      out.putShort(tag.shortValue()).putShort((short) 4).putInt(strips ? 2 : 1);
      out.putInt(strips ? tag == 273 ? 72 : 80 : value);
    });
    return out.array();
  }
}
