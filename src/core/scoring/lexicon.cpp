// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/lexicon.hpp"

#include <algorithm>
#include <iterator>

namespace priorityd {
namespace {

constexpr std::string_view kGame = "game";
constexpr std::string_view kMedia = "media";
constexpr std::string_view kRealtimeAudio = "realtime-audio";
constexpr std::string_view kCall = "call";
constexpr std::string_view kCompositor = "compositor";
constexpr std::string_view kTerminal = "terminal";
constexpr std::string_view kInteractive = "interactive";
constexpr std::string_view kBrowser = "browser";
constexpr std::string_view kService = "service";
constexpr std::string_view kVirtualMachine = "virtual-machine";
constexpr std::string_view kInference = "inference";
constexpr std::string_view kTraining = "training";
constexpr std::string_view kBuild = "build";
constexpr std::string_view kBatch = kLowestClassWaitedFor;
constexpr std::string_view kBackground = kLowestClass;

/// Sections of Debian (packages.debian.org/unstable/) and the parts of groups of RPM.
constexpr Hints kSections[] = {
    {kGame, 3, "games"},
    {kGame, 2, "otherosfs"},
    {kGame, 1, "amusements"},
    {kMedia, 2, "sound"},
    {kMedia, 1.5, "players"},
    {kMedia, 1.2, "video"},
    {kMedia, 1, "multimedia"},
    {kInteractive, 3, "editors"},
    {kInteractive, 1.5, "office"},
    {kInteractive, 1.2, "graphics"},
    {kInteractive, 1, "gnome, kde, xfce, publishing"},
    {kInteractive, 0.8, "math"},
    {kInteractive, 0.7, "mail, tex, vcs"},
    {kInteractive, 0.6, "x11"},
    {kInteractive, 0.5, "text, electronics"},
    {kBrowser, 2.5, "browsers"},
    {kBrowser, 0.5, "web"},
    {kService, 2.5, "httpd"},
    {kService, 1.5, "database, daemons"},
    {kService, 0.5, "net"},
    {kService, 0.3, "admin, system"},
    {kBuild, 1.5, "compilers"},
    {kBuild, 1.2, "devel"},
    {kBuild, 1, "libdevel"},
    {kBatch, 1.5, "archiving"},
    {kBatch, 1.2, "science"},
    {kBatch, 1, "gnu-r, engineering"},
    {kBackground, 2, "backup"},
};

/// Debtags. Source: debtags.debian.org/reports/.
constexpr Hints kTags[] = {
    {kGame, 2, "use::gameplaying"},
    {kGame, 1, "hardware::emulation, game::*"},
    {kMedia, 2, "sound::player, sound::sequencer"},
    {kMedia, 1.5, "sound::mixer, sound::midi, sound::recorder"},
    {kMedia, 1, "use::playing"},
    {kCall, 2, "protocol::voip"},
    {kCompositor, 3, "x11::window-manager"},
    {kTerminal, 3, "x11::terminal"},
    {kTerminal, 0.6, "use::monitor"},
    {kTerminal, 0.4, "admin::monitoring"},
    {kInteractive, 2, "use::chatting, devel::ide, mail::user-agent"},
    {kInteractive, 1.5, "use::editing, use::viewing, devel::editor"},
    {kInteractive, 1, "use::calculating, devel::debugger"},
    {kInteractive, 0.7, "use::browsing, use::organizing, x11::application"},
    {kInteractive, 0.5, "x11::applet"},
    {kInteractive, 0.4, "interface::text-mode, interface::graphical"},
    {kBrowser, 3, "web::browser"},
    {kService, 1.5, "use::proxying"},
    {kService, 1, "interface::daemon, x11::display-manager"},
    {kService, 0.6, "network::server, network::service"},
    {kVirtualMachine, 0.4, "admin::virtualization"},
    {kBuild, 2.5, "devel::compiler, devel::buildtools"},
    {kBuild, 1.5, "devel::code-generator"},
    {kBuild, 1, "devel::testing-qa"},
    {kBuild, 0.1, "devel::lang:*"},
    {kBatch, 2, "use::compressing"},
    {kBatch, 1, "sound::compression, use::converting, works-with::biological-sequence"},
    {kBatch, 0.8, "works-with::archive"},
    {kBatch, 0.7, "field::biology*, admin::cluster"},
    {kBatch, 0.5, "use::storing"},
    {kBatch, 0.4, "use::comparing"},
    {kBatch, 0.3, "field::physics"},
    {kBackground, 2, "use::downloading, protocol::bittorrent"},
    {kBackground, 1.5, "admin::backup"},
    {kBackground, 0.7, "use::synchronizing, admin::file-distribution"},
    {kBackground, 0.6, "use::checking"},
    {kBackground, 0.5, "security::integrity"},
};

/// Source: Desktop Menu Specification, "Registered Categories".
constexpr Hints kCategories[] = {
    {kGame, 3, "Game"},
    {kGame, 2, "Emulator"},
    {kGame, 1,
     "ActionGame, AdventureGame, ArcadeGame, BoardGame, BlocksGame, CardGame, RolePlaying, "
     "Shooter, Simulation, SportsGame, StrategyGame"},
    {kMedia, 1.5, "Player, Sequencer"},
    {kMedia, 1, "Music, Recorder, Midi, Mixer, Tuner, TV"},
    {kMedia, 0.8, "Audio, Video"},
    {kMedia, 0.7, "AudioVideo"},
    {kCall, 2.5, "Telephony, VideoConference"},
    {kCall, 2, "RemoteAccess"},
    {kTerminal, 3.5, "TerminalEmulator"},
    {kTerminal, 0.8, "Monitor"},
    {kInteractive, 2.5, "TextEditor, IDE, Email, FileManager"},
    {kInteractive, 2, "Chat, InstantMessaging, IRCClient"},
    {kInteractive, 1.5, "Viewer, Office, GUIDesigner"},
    {kInteractive, 1.2, "Graphics, Settings"},
    {kInteractive, 1, "WordProcessor, Spreadsheet, Debugger, Calendar, ContactManagement, Calculator, Clock"},
    {kInteractive, 0.8, "Photography, Education, News, Feed"},
    {kInteractive, 0.7, "TextTools, Development"},
    {kInteractive, 0.5, "Math"},
    {kInteractive, 0.4, "Science, Utility"},
    {kInteractive, 0.3, "GTK, Qt, GNOME, KDE, XFCE"},
    {kBrowser, 3.5, "WebBrowser"},
    {kBatch, 2, "Archiving"},
    {kBatch, 1.5, "Compression, DiscBurning"},
    {kBackground, 3, "P2P"},
    {kBackground, 1.2, "FileTransfer"},
    {kBackground, 0.7, "PackageManager"},
    {kBackground, 0.5, "Screensaver"},
};

/// Words, and words that stand side by side.
constexpr Hints kPhrases[] = {
    {kGame, 1.5, "game, shooter, platformer"},
    {kGame, 1.2, "puzzle"},
    {kGame, 1, "games, arcade, chess, racing, strategy, nintendo, playstation, console emulator"},
    {kGame, 0.7, "amiga, emulator"},
    {kGame, 0.5, "simulator"},
    {kMedia, 2, "synthesizer"},
    {kMedia, 1.8, "player"},
    {kMedia, 1.5, "sequencer"},
    {kMedia, 1.3, "music"},
    {kMedia, 1, "players, drum, podcast, karaoke, equalizer"},
    {kMedia, 0.8, "midi"},
    {kMedia, 0.7, "audio, radio, effects, movie, movies, multimedia, streamer"},
    {kRealtimeAudio, 3, "sound server"},
    {kRealtimeAudio, 2.5, "audio server"},
    {kCall, 2, "voip, sip, video conferencing, remote desktop, vnc, rdp, softphone"},
    {kCall, 1.5, "conferencing, screen recorder, screencast, screen sharing"},
    {kCompositor, 3, "window manager"},
    {kCompositor, 2.5, "compositor, display server"},
    {kCompositor, 2, "compositing, x server"},
    {kCompositor, 0.7, "desktop environment"},
    {kTerminal, 3, "terminal emulator"},
    {kTerminal, 1.5, "multiplexer, process viewer"},
    {kTerminal, 1, "resource monitor"},
    {kTerminal, 0.8, "terminal"},
    {kTerminal, 0.7, "system monitor"},
    {kInteractive, 2.5, "file manager"},
    {kInteractive, 2,
     "editor, viewer, file browser, spreadsheet, ide, chat, messenger, email client, mail client, "
     "mail user agent, screenshot, screenshots, screen capture"},
    {kInteractive, 1.5,
     "office, integrated development, irc, calculator, note-taking, painting, drawing, password "
     "manager"},
    {kInteractive, 1.3, "reader"},
    {kInteractive, 1.2, "notification"},
    {kInteractive, 1,
     "editors, image viewer, photo, photos, ebook, matrix client, jabber, calendar, "
     "notes, diary, cad, modeller, panel, spreadsheets, mind mapping"},
    {kInteractive, 0.9, "launcher"},
    {kInteractive, 0.8, "document, dictionary, menu, gui, organizer"},
    {kInteractive, 0.7, "presentation, selection, dock, clipboard, graphical, newsreader"},
    {kInteractive, 0.6, "pdf"},
    {kInteractive, 0.5, "debugger"},
    {kInteractive, 0.4, "client, frontend, desktop, gtk, gtk+"},
    {kInteractive, 0.3, "wallpaper, qt"},
    {kBrowser, 3, "web browser"},
    {kBrowser, 0.8, "browser"},
    {kService, 1.5, "display manager, login manager"},
    {kService, 1.2, "proxy"},
    {kService, 1, "server, daemon, backend, portal, agent, database, resolver, mta, broker"},
    {kService, 0.8, "dns"},
    {kService, 0.7, "upnp, dlna, ldap, smtp, container, containers, orchestration, time series"},
    {kService, 0.6, "metrics"},
    {kService, 0.5, "servers, http, caching, vpn"},
    {kService, 0.4, "monitoring"},
    {kService, 0.2, "speech"},
    {kVirtualMachine, 2.5, "hypervisor"},
    {kVirtualMachine, 1, "virtual machine, virtualization"},
    {kInference, 2, "large language model, llm"},
    {kInference, 1.5, "inference"},
    {kInference, 1, "speech recognition"},
    {kTraining, 0.7, "training"},
    {kTraining, 0.5, "machine learning"},
    {kBuild, 2.5, "compiler, linter"},
    {kBuild, 2, "linker, lint"},
    {kBuild, 1.5,
     "compilers, assembler, build system, build tool, static analysis, static analyzer, code "
     "generator, transpiler, minifier"},
    {kBuild, 1.2, "language server"},
    {kBuild, 1, "build, preprocessor, parser, bundler, formatter, test runner"},
    {kBuild, 0.5, "make"},
    {kBatch, 2, "compressor, decompressor, archiver, encoder, transcoder, transcoding"},
    {kBatch, 1.5, "compression, decompression, unarchiver, converter, raytracer, solver, aligner"},
    {kBatch, 1.2, "archive, archives, unpack, convert, converts"},
    {kBatch, 1,
     "compress, encoding, renderer, alignment, genome, genomes, finite element, benchmark, "
     "optimizer, optimize"},
    {kBatch, 0.7, "sequences, molecular, numerical"},
    {kBatch, 0.6, "copy, copying"},
    {kBatch, 0.5, "rendering, sequence, simulation"},
    {kBackground, 2.5, "bittorrent, downloader"},
    {kBackground, 2,
     "backup, backups, torrent, torrents, download, downloads, downloading, indexer, distributed "
     "computing, volunteer computing, miner"},
    {kBackground, 1.5,
     "duplicates, duplicate, synchronization, transferring, indexing, antivirus, anti-virus, virus "
     "scanner, mining, software updates"},
    {kBackground, 1.2, "synchronize, synchronizer, synchronise"},
    {kBackground, 1,
     "deduplicating, sync, peer-to-peer, p2p, malware, rootkit, package manager, upgrades, log "
     "rotation"},
    {kBackground, 0.8, "usenet"},
    {kBackground, 0.7, "mirroring"},
    {kBackground, 0.6, "integrity"},
    {kBackground, 0.5, "incremental"},
    {kBackground, 0.4, "scanner, update"},
    {kBackground, 0.3, "verification"},
};

/// Each row stands for a whole unit, whatever runs in it: only what the unit's owner has said of it outright weighs
/// enough to be followed alone.
constexpr Hints kSurroundings[] = {
    {kInteractive, 0.4, "application of a desktop"},
    {kInteractive, 0.2, "session.slice"},
    {kService, 0.5, "in a container"},
    {kService, 0.3, "service of the system"},
    {kVirtualMachine, 0.5, "machine.slice"},
    {kBackground, 2, "background.slice"},
    {kBackground, 1.5, "started by a timer"},
};

struct Kind {
    std::string_view program_class;
    Attention attention;
};

constexpr Kind kKinds[] = {
    {kGame, Attention::waited_for},
    {kMedia, Attention::waited_for},
    {kRealtimeAudio, Attention::waited_for},
    {kCall, Attention::waited_for},
    {kCompositor, Attention::waited_for},
    {kTerminal, Attention::waited_for},
    {kInteractive, Attention::waited_for},
    {kInference, Attention::waited_for},
    {kBrowser, Attention::unknown},
    {kService, Attention::unknown},
    {kVirtualMachine, Attention::unknown},
    {kTraining, Attention::nobody},
    {kBuild, Attention::nobody},
    {kBatch, Attention::nobody},
    {kBackground, Attention::nobody},
};

}  // namespace

std::span<const Hints> hints(HintPlace place)
{
    switch (place) {
        case HintPlace::section: return kSections;
        case HintPlace::tag: return kTags;
        case HintPlace::category: return kCategories;
        case HintPlace::surroundings: return kSurroundings;
        case HintPlace::description: break;
    }
    return kPhrases;
}

Attention attention(std::string_view program_class)
{
    const auto* const known = std::ranges::find(kKinds, program_class, &Kind::program_class);
    return known == std::end(kKinds) ? Attention::unknown : known->attention;
}

}  // namespace priorityd
