// Unpacks the headless Chromium of @sparticuz/chromium beside this file, with the libraries and fonts that it needs on a
// machine without a desktop. It is a program for Linux on x86-64; elsewhere nothing is unpacked.
import { writeFileSync } from "node:fs";
import { arch, platform } from "node:process";

if (platform === "linux" && arch === "x64") {
  const folder = import.meta.dirname;
  process.env.TMPDIR = folder;
  const { inflate } = await import("@sparticuz/chromium");
  for (const name of ["chromium.br", "al2023.tar.br", "fonts.tar.br"]) {
    await inflate(`${folder}/node_modules/@sparticuz/chromium/bin/${name}`);
  }
  writeFileSync(
    `${folder}/fonts.conf`,
    `<fontconfig>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
`,
  );
}
