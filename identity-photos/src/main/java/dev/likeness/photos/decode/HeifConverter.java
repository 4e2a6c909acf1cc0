package dev.likeness.photos.decode;

import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.io.TemporaryFiles;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Converts HEIC and AVIF with libheif's command-line program, if it is installed. The program works
 * on files, so the photo is written to a temporary folder that only this user can read, and deleted
 * afterwards.
 */
final class HeifConverter implements PhotoConverter {
  private static final List<String> NAMES =
      List.of("heif-dec", "heif-dec.exe", "heif-convert", "heif-convert.exe");
  private static final int TIMEOUT_SECONDS = 60;
  /** How often the work of the waiting thread is checked for a cancellation. */
  private static final int CHECK_MILLIS = 100;

  private static final long MAX_RESULT_BYTES = 200_000_000;

  private final String path;
  private final int seconds;

  /** Uses a program on the PATH of this process. */
  HeifConverter() {
    // Windows names the variable Path. System.getenv finds it, the map of all variables does not.
    this(Optional.ofNullable(System.getenv("PATH")).orElse(""), TIMEOUT_SECONDS);
  }

  /** Uses a program in the folders of {@code path}, and ends it after these seconds. */
  HeifConverter(String path, int seconds) {
    this.path = path;
    this.seconds = seconds;
  }

  @Override
  public boolean supports(PhotoFormat format) {
    return (format == PhotoFormat.HEIC || format == PhotoFormat.AVIF)
        && findProgram(path).isPresent();
  }

  @Override
  public byte[] convert(PhotoFormat format, byte[] file) throws IOException {
    String program = findProgram(path)
        .orElseThrow(() -> new IOException("heif-dec and heif-convert are no longer on the PATH"));
    Path folder = TemporaryFiles.createFolder();
    Path in = folder.resolve("original." + format.id());
    try {
      Files.write(in, file);
      run(new ProcessBuilder(
          program, "-q", "95", in.toString(), folder.resolve("photo.jpg").toString()));
      Path converted = convertedFile(folder);
      if (Files.size(converted) > MAX_RESULT_BYTES) {
        throw new IOException("libheif's program wrote more than 200 MB");
      }
      return Files.readAllBytes(converted);
    } finally {
      TemporaryFiles.delete(folder);
    }
  }

  // If a file has several images, the program numbers its output files from 1.
  private static Path convertedFile(Path folder) throws IOException {
    return Stream.of("photo.jpg", "photo-1.jpg")
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(() -> new IOException("libheif's program wrote no image"));
  }

  private void run(ProcessBuilder builder) throws IOException {
    Process process = builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    try {
      if (!waitFor(process)) {
        throw new IOException("libheif's program did not finish within " + seconds + " s");
      }
      if (process.exitValue() != 0) {
        throw new IOException("libheif's program cannot convert the file");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the conversion was interrupted");
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private boolean waitFor(Process process) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!process.waitFor(CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
      CurrentWork.throwIfCancelled();
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns the first program found in the folders of {@code path}. */
  static Optional<String> findProgram(String path) {
    List<Path> folders = Stream.of(path.split(File.pathSeparator))
        .flatMap(HeifConverter::absoluteFolder)
        .toList();
    return NAMES.stream()
        .flatMap(name -> folders.stream().map(folder -> folder.resolve(name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .findFirst();
  }

  // Only absolute paths count: an empty or relative entry would run programs of the current folder.
  // On Windows, a quoted entry is not a valid path.
  private static Stream<Path> absoluteFolder(String entry) {
    try {
      return Stream.of(Path.of(entry)).filter(Path::isAbsolute);
    } catch (InvalidPathException e) {
      return Stream.empty();
    }
  }

  /**
   * The size in the header of a HEIC or AVIF file: the largest image spatial extents (ISO/IEC
   * 23008-12, 6.5.3) in the boxes meta, iprp, ipco and ispe.
   */
  static final class HeifSize {
    private final ByteBuffer file;

    private HeifSize(byte[] file) {
      this.file = ByteBuffer.wrap(file);
    }

    /** Returns width and height in pixels; 0, 0 if the file states none. */
    static long[] of(byte[] file) {
      return new HeifSize(file).findSize(0, file.length, "meta", "iprp", "ipco", "ispe");
    }

    // A box is a length of four bytes, a name of four bytes, and the content. The content of meta
    // starts with four bytes of flags.
    private long[] findSize(int from, int to, String... names) {
      long[] largest = {0, 0};
      for (int at = from; at + 8 <= to; ) {
        int length = file.getInt(at);
        int end = length == 0 ? to : at + length;
        if (length != 0 && length < 8 || end > to || end < at) {
          break;
        }
        if (boxType(at + 4).equals(names[0])) {
          long[] size = names.length == 1
              ? readExtent(at + 8, end)
              : findSize(
                  at + 8 + (names[0].equals("meta") ? 4 : 0),
                  end,
                  Stream.of(names).skip(1).toArray(String[]::new));
          largest = (double) size[0] * size[1] > (double) largest[0] * largest[1] ? size : largest;
        }
        at = end;
      }
      return largest;
    }

    private long[] readExtent(int at, int end) {
      return end - at < 12
          ? new long[] {0, 0}
          : new long[] {
            Integer.toUnsignedLong(file.getInt(at + 4)), Integer.toUnsignedLong(file.getInt(at + 8))
          };
    }

    private String boxType(int at) {
      return new String(file.array(), at, 4, StandardCharsets.ISO_8859_1);
    }
  }
}
